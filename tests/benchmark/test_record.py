from __future__ import annotations

import json

import pytest

from synmedbench.benchmark import SCHEMA_VERSION, ScoreRow, read_record
from synmedbench.core import UserError


def test_a_number_that_is_not_finite_is_null_in_a_record():
    row = ScoreRow(
        generator="g", imageset="x", extractor="e", metric="m", seed=0, value=float("nan"), lo=float("inf")
    )
    assert (row.value, row.lo) == (None, None)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "cannot be read"),
        ("{}", "no schema_version"),
        ("[1]", "no schema_version"),
        (json.dumps({"schema_version": SCHEMA_VERSION + 1}), "upgrade"),
        (json.dumps({"schema_version": SCHEMA_VERSION, "nmae": 1}), "nmae"),
    ],
)
def test_what_is_no_record_is_told_in_one_line(tmp_path, content, told):
    path = tmp_path / "record.json"
    path.write_text(content)
    with pytest.raises(UserError) as caught:
        read_record(path)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_record_says_what_to_do(tmp_path):
    with pytest.raises(UserError, match="run a recipe first"):
        read_record(tmp_path / "record.json")
