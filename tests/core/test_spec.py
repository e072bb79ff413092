from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synmedbench.core import Spec, UserError, parse_spec

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True)
TEXTS = st.from_regex(r"[A-Za-z0-9._/-]{1,12}", fullmatch=True)
OPTIONS = st.dictionaries(NAMES, st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
                          | st.lists(st.integers(), max_size=3), max_size=3)  # fmt: skip


@given(NAMES, st.none() | TEXTS, st.none() | NAMES, OPTIONS)
def test_the_short_form_round_trips(name, argument, revision, options):
    spec = Spec(name, argument, revision, options)
    again = parse_spec(str(spec))
    assert (again.name, again.argument, again.revision) == (name, argument, revision)
    assert dict(again.options) == options


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("noise", Spec("noise")),
        ("blur:2", Spec("blur", "2")),
        ("folder:/data/a@b/c", Spec("folder", "/data/a@b/c")),
        ("diffusers:org/model@abc123", Spec("diffusers", "org/model", "abc123")),
        ("folder:C:/x?label=dx", Spec("folder", "C:/x", None, {"label": "dx"})),
        ("folder:/tmp/Häute und Zellen", Spec("folder", "/tmp/Häute und Zellen")),
        (
            "x?a=[1, 2]&b=null&c=1e-3&d=text",
            Spec("x", None, None, {"a": [1, 2], "b": None, "c": 1e-3, "d": "text"}),
        ),
    ],
)
def test_parts(text, expected):
    assert parse_spec(text) == expected


def test_a_mapping_is_the_long_form():
    assert parse_spec({"name": "timm:resnet18", "size": 64}) == parse_spec("timm:resnet18?size=64")


@pytest.mark.parametrize("text", ["", ":x", "?a=1", "x?a", "x?a=[1"])
def test_what_cannot_be_read_is_one_clear_line(text):
    with pytest.raises(UserError) as caught:
        parse_spec(text)
    assert "\n" not in str(caught.value)


def test_a_mapping_needs_a_name():
    with pytest.raises(UserError, match="needs a 'name'"):
        parse_spec({"size": 3})
