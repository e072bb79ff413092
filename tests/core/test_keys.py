from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synmedbench.core import content_key, file_hash, hash_bytes

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


@given(VALUES, VALUES)
def test_equal_keys_exactly_for_equal_content(a, b):
    same = type(a) is type(b) and repr(a) == repr(b)
    if same:
        assert content_key(a) == content_key(b)
    elif repr(a) != repr(b) and not (isinstance(a, dict) and a == b):
        assert content_key(a) != content_key(b)


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_a_mappings_order_does_not_matter(mapping):
    assert content_key(mapping) == content_key(dict(reversed(list(mapping.items()))))


@pytest.mark.parametrize(
    ("a", "b"),
    [(1, 1.0), (1, True), ("1", 1), ([1, 2], [[1], 2]), ("ab", ["a", "b"]), (None, "None"), ([], {})],
)
def test_kinds_and_nesting_are_told_apart(a, b):
    assert content_key(a) != content_key(b)


def test_arrays_by_value_shape_and_type():
    x = np.arange(6)
    assert content_key(x) == content_key(x.copy())
    assert content_key(x) != content_key(x.reshape(2, 3))
    assert content_key(x) != content_key(x.astype(np.int32))
    assert content_key(x[::2]) == content_key(x[::2].copy())
    assert content_key(np.array(["a", None], dtype=object)) != content_key(np.array(["a", "b"], dtype=object))


def test_frames_by_content_and_not_by_column_order():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    assert content_key(frame) == content_key(frame[["b", "a"]])
    assert content_key(frame) != content_key(frame.assign(a=[2, 1]))
    assert content_key(pd.DataFrame({"a": [pd.NA]})) == content_key(pd.DataFrame({"a": [None]}, dtype=object))


def test_an_object_without_content_is_refused():
    with pytest.raises(TypeError, match="no content key for object"):
        content_key(object())


def test_the_key_is_the_same_in_another_process():
    program = "from synmedbench.core import content_key; print(content_key({'b': [1, 2.5], 'a': 'é'}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == content_key({"a": "é", "b": [1, 2.5]})


def test_hashes(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    assert file_hash(tmp_path / "x") == hash_bytes(b"abc")
