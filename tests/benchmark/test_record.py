from __future__ import annotations

import gzip
import json

import pytest

from synmedbench.benchmark import (
    SCHEMA_VERSION,
    Data,
    Record,
    ScoreRow,
    read_record,
    record_file,
    write_record,
)
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


def small_record() -> Record:
    return Record(
        name="small",
        status="complete",
        created="2026-01-01T00:00:00+00:00",
        asked={},
        data=Data(name="d", licence="CC0", source="-", content_hash="0", n=1, image_size=8, decoding="-",
                  classes=["é"], splits={}),
        generators=[],
        code={},
        seeds=[0],
        machine={},
    )  # fmt: skip


def test_a_packed_record_reads_back_as_the_plain_one_and_is_the_same_bytes_twice(tmp_path):
    plain, packed = tmp_path / "record.json", tmp_path / "record.json.gz"
    write_record(small_record(), plain)
    write_record(small_record(), packed)
    assert read_record(packed) == read_record(plain) == small_record()
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    first = packed.read_bytes()
    write_record(small_record(), packed)
    assert packed.read_bytes() == first
    assert record_file(tmp_path) == plain
    plain.unlink()
    assert record_file(tmp_path) == packed


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"{}")[:-9], gzip.compress(b"\xff\xfe{}")],
    ids=["empty", "not packed", "cut short", "not a text"],
)
def test_a_broken_packed_record_is_told_in_one_line(tmp_path, content):
    path = tmp_path / "record.json.gz"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_record(path)
    assert "\n" not in str(caught.value)


def test_a_packed_record_that_unpacks_to_far_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("synmedbench.benchmark._record_text.LARGEST", 1000)
    path = tmp_path / "record.json.gz"
    path.write_bytes(gzip.compress(b" " * 10_000))
    with pytest.raises(UserError, match="more than"):
        read_record(path)
