"""The results page of augmentation: its sentences, its tables, and that the committed page is what records make."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
from augmentation_sample import augmentation_record
from sample_record import sample_record

from synmedbench.benchmark import Record
from synmedbench.reports import augmentation_markdown, write_augmentation_figures
from synmedbench.reports._results_augmentation import MAX_ROWS
from synmedbench.reports._results_augmentation_words import doubts, in_short, protocol
from synmedbench.reports._section_augmentation import augmentation_parts

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def record() -> Record:
    return augmentation_record(
        numbers=(8, 32, 128),
        generators={"diffusion": 0.02, "diffusion-closed": 0.01},
        columns={"sex": ("f", "m")},
        test_sets=("site=B",),
    )


@pytest.fixture(scope="module")
def page(record: Record) -> str:
    return augmentation_markdown({"made-up": record})


def test_the_committed_page_is_what_the_committed_records_make():
    script = ROOT / "docs" / "make_augmentation.py"
    if not list((ROOT / "results").glob("*/record.json")) or not script.is_file():
        pytest.skip("no committed record")
    made = runpy.run_path(str(script))
    records = made["committed_records"]()
    if not records:
        pytest.skip("no committed record of an augmentation grid")
    text = augmentation_markdown(records)
    assert made["PAGE"].read_text(encoding="utf-8") == text
    for target in re.findall(r"\]\((\.\./images/[^)]+)\)", text):
        assert (made["PAGE"].parent / target).is_file(), target


def test_the_summary_holds_the_sentence_of_each_question(record, page):
    parts = augmentation_parts(record)
    short = page[page.index("### In short") : page.index("### Claims registered")]
    for anchor in (
        "gains-",
        "arms-",
        "by-sex",
        "by-label",
        "other-test-sets",
        "fairness-",
        "worth-mobile",
        "saturation-",
        "variance",
        "plausibility-",
        "sharing",
    ):
        part = next(part for part in parts if part.anchor.startswith(anchor))
        assert f"- **{part.title}**: {part.says}\n" in short
    assert len(in_short(parts)) == short.count("\n- ")
    for part in parts:
        assert f"\n### {part.title}\n" in page


def test_every_table_holds_together_and_is_cut_where_it_is_long(page):
    tables = re.findall(r"(?:^\|.*\|\n)+", page, flags=re.M)
    assert len(tables) >= 12
    for table in tables:
        rows = table.splitlines()
        assert len({row.count(" | ") for row in rows if not row.startswith("| ---")}) == 1, rows[0]
        assert len(rows) <= MAX_ROWS + 2
    assert page.count("<details>") == page.count("</details>") > 0


def test_the_protocol_is_counted_from_the_cells(record):
    said = protocol(record)
    assert f"{len(record.cells) // 2} cells of 5 seeds" in said
    assert "8, 32 and 128 real images per class" in said
    assert "1, 4 and 10 synthetic images per real one" in said
    assert "diffusion (open-set)" in said
    assert "diffusion-closed (closed-set)" in said
    assert "not in this record" in protocol(record.model_copy(update={"cells": []}))


def test_the_doubts_follow_from_the_record(record):
    said = " ".join(doubts(record))
    assert "drawn phantoms" in said
    assert "diffusion: open-set" in said
    assert "diffusion-closed: open-set" not in said
    assert "fewer than 5 seeds" not in said
    assert "1 stage failed" in said
    few = " ".join(doubts(record.model_copy(update={"seeds": [0, 1], "failed": [], "status": "partial"})))
    assert "fewer than 5 seeds" in few
    assert "partial" in few


def test_records_without_a_grid_make_no_part(record):
    assert "no record of an augmentation grid yet" in augmentation_markdown({"x": sample_record()})
    assert "no record of an augmentation grid yet" in augmentation_markdown({})


def test_names_cannot_become_markup_or_break_a_table(record):
    evil = "<img src=x onerror=alert(1)>|\n# x"
    changed = record.model_copy(deep=True)
    changed.claims[0].sentence = changed.claims[0].words = evil
    assert changed.augmentation is not None
    for row in changed.augmentation.contrasts[:40]:
        row.a = f"real+synthetic/{evil}"
    text = augmentation_markdown({"made-up": changed})
    assert "<img" not in text
    assert "\n# x" not in text
    assert "p < 0.001" in text


def test_the_figures_that_the_page_names_are_written_and_small(tmp_path, page, record):
    made = write_augmentation_figures("made-up", record, tmp_path)
    assert {path.name for path in made} == set(re.findall(r"\.\./images/([^)]+)", page))
    assert max(path.stat().st_size for path in made) < 120_000
