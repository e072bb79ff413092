"""The leaderboard page and the files beside it."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from sample_record import sample_record, write_sample

from synmedbench.benchmark import write_record
from synmedbench.core import UserError
from synmedbench.reports import build_leaderboard


def test_page_ranks_shows_ties_and_sets_copies_apart(tmp_path: Path) -> None:
    text = build_leaderboard([sample_record()], tmp_path).read_text(encoding="utf-8")
    ranked, _, unranked = text.partition("Not ranked")
    assert "5-6 =" in ranked
    assert ">copy<" not in ranked
    assert ">copy<" in unranked
    assert "memorising" in unranked
    assert "as far from real as a blur of sigma 1.3 px" in ranked
    assert "Apache-2.0" in ranked
    order = [
        ranked.index(f">{name}<") for name in ("real-holdout", "real-only", "draft", "diffusion", "noise")
    ]
    assert order == sorted(order)


def test_page_needs_nothing_but_itself(tmp_path: Path) -> None:
    text = build_leaderboard([sample_record()], tmp_path).read_text(encoding="utf-8")
    assert not re.findall(r"https?://", text)
    assert set(re.findall(r'href="([^"#]+)"', text)) == {"leaderboard.csv", "leaderboard.md"}
    assert "prefers-color-scheme" in text
    assert {path.name for path in tmp_path.iterdir()} == {"index.html", "leaderboard.csv", "leaderboard.md"}


def test_csv_holds_full_numbers_and_no_formulas(tmp_path: Path) -> None:
    record = sample_record(rename={"diffusion": "=cmd()"})
    build_leaderboard([record], tmp_path)
    rows = list(csv.DictReader((tmp_path / "leaderboard.csv").open(encoding="utf-8")))
    assert len(rows) == len(record.generators)
    mine = next(row for row in rows if "cmd" in row["generator"])
    assert mine["generator"] == "'=cmd()"
    assert float(mine["value"]) == 124.9
    assert (mine["place"], mine["rank_lo"], mine["rank_hi"]) == ("7", "6", "7")
    copy = next(row for row in rows if row["generator"] == "copy")
    assert (copy["place"], copy["memorisation"]) == ("", "copies patients")


def test_each_record_has_a_table_of_its_own(tmp_path: Path) -> None:
    records = [sample_record(name="first"), sample_record(name="second", ranking=None)]
    text = build_leaderboard(records, tmp_path).read_text(encoding="utf-8")
    assert text.count("<h2 id=") == 2
    assert "This record has no ranking." in text
    assert "this record has no ranking" in text


def test_a_folder_is_searched_and_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    write_sample(tmp_path / "runs" / "deep" / "one", sample_record(name="deep one"))
    write_record(sample_record(name="top one"), tmp_path / "runs" / "a.json")
    broken = tmp_path / "runs" / "broken" / "record.json"
    broken.parent.mkdir()
    broken.write_text(json.dumps({"schema_version": 999}), encoding="utf-8")
    text = build_leaderboard(tmp_path / "runs", tmp_path / "site").read_text(encoding="utf-8")
    assert "deep one" in text
    assert "top one" in text
    assert "schema version 999" in text


def test_no_record_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no record"):
        build_leaderboard(tmp_path, tmp_path / "site")
    with pytest.raises(UserError, match="no such folder"):
        build_leaderboard(tmp_path / "nowhere", tmp_path / "site")
    with pytest.raises(UserError, match="no record"):
        build_leaderboard([], tmp_path / "site")


def test_markup_in_names_is_escaped(tmp_path: Path) -> None:
    record = sample_record(rename={"diffusion": "<script>x</script>|a"}, name="<img src=x>")
    text = build_leaderboard([record], tmp_path).read_text(encoding="utf-8")
    assert text.count("<script") == 1
    assert "<img" not in text
    table = (tmp_path / "leaderboard.md").read_text(encoding="utf-8")
    assert "&lt;script&gt;x&lt;/script&gt;\\|a" in table
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines() if line.startswith("|")}
    assert len(widths) == 1
