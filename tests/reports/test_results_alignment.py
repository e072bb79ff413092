"""The results page of alignment: its sentences follow the verdicts, and the committed page is what the records make."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
from aligned_record import aligned_record
from PIL import Image
from sample_record import sample_record

from synmedbench.benchmark import Record
from synmedbench.reports import alignment_markdown, write_alignment_figures
from synmedbench.reports._alignment import alignment_rows
from synmedbench.reports._results_words import points, reference_lines

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def record() -> Record:
    return aligned_record()


@pytest.fixture(scope="module")
def page(record) -> str:
    return alignment_markdown({"made-up": record})


def test_the_committed_page_is_what_the_committed_records_make():
    script = ROOT / "docs" / "make_alignment.py"
    if not list((ROOT / "results").glob("*/record.json")) or not script.is_file():
        pytest.skip("no committed record")
    made = runpy.run_path(str(script))
    records = made["committed_records"]()
    if not records:
        pytest.skip("no committed record of an alignment")
    assert made["PAGE"].read_text(encoding="utf-8") == alignment_markdown(records)
    for target in re.findall(r"\]\((\.\./images/[^)]+)\)", alignment_markdown(records)):
        assert (made["PAGE"].parent / target).is_file(), target


def test_every_method_stands_in_every_table(record, page):
    for title in ("Judged plausible", "Gain over the control", "What it cost"):
        part = page[page.index(f"### {title}") :].partition("\n### ")[0]
        names = ["real-only (control)", "draft", "guidance:3", "shuffled:draft (control)"]
        for name in names if title.startswith("Gain") else ["diffusion (base)", *names]:
            assert f"| {name} |" in part, (title, name)
        widths = {line.count(" | ") for line in part.splitlines() if line.startswith("| ")}
        assert len(widths) == 1


def test_verdicts_make_the_sentences(page):
    says = page[page.index("### What it says") : page.index("### What it does not say")]
    assert "with the same extra steps: draft, draft-rerated, best-of-4 and guidance:3." in says
    assert re.search(r"Hacked: .*: nft\.", says)
    assert "most after nft (-0.2" in says
    assert "by H over the control: reward-weighted" in says
    assert "with its reward turned round H fell, as it should" in says
    not_said = page[page.index("### What it does not say") :]
    assert "drawn phantoms" in not_said
    assert "no person looked" in not_said
    assert "kto not shown is not 'no effect'" in not_said


def test_other_verdicts_make_other_sentences(record):
    changed = record.model_copy(deep=True)
    for audit in changed.audits:
        audit.verdict = "not shown"
    text = alignment_markdown({"made-up": changed})
    assert "Shown to help" not in text
    assert "Hacked:" not in text
    assert "Neither shown to help nor to be hacked" in text


def test_the_aim_is_reached_only_with_gain_seeds_and_prices(record):
    def line(of: Record, name: str) -> str:
        return next(one for one in reference_lines(of, alignment_rows(of)) if one.startswith(f"{name}: "))

    changed = record.model_copy(deep=True)
    prices = next(audit for audit in changed.audits if audit.aligner == "draft-rerated").prices
    for price in prices:
        price.verdict = "not inferior"
    assert line(changed, "draft-rerated").endswith("Aim reached.")
    prices[0].verdict = "not shown"
    assert line(changed, "draft-rerated").endswith("Aim not reached: recall: not shown.")
    prices.clear()
    assert "recall and coverage were not tested" in line(changed, "draft-rerated")
    assert "less than 15 points over the control" in line(changed, "kto")
    assert "its reward was hacked" in line(changed, "nft")
    few = aligned_record(seeds=3)
    assert "3 seeds against the control, 5 needed" in line(few, "draft-rerated")


def test_few_seeds_show_their_values_and_claim_nothing():
    text = alignment_markdown({"few": aligned_record(seeds=2)})
    assert "(seeds 0." in text
    assert "With fewer than 5 seeds" in text
    assert "too few seeds to say more" in text


def test_records_without_alignment_and_older_ones(record):
    assert "There is no record of an alignment yet" in alignment_markdown({})
    assert "There is no record of an alignment yet" in alignment_markdown({"x": sample_record(audits=[])})
    assert "| draft |" in alignment_markdown({"old": sample_record()})
    both = alignment_markdown({"b": record, "a": record})
    assert both.index("## a") < both.index("## b")


def test_names_cannot_break_the_tables(record):
    changed = record.model_copy(deep=True)
    changed.audits[0].aligner = "a|b\nc"
    text = alignment_markdown({"made-up": changed})
    assert "| a/b c |" in text


def test_the_figures_that_the_page_names_are_written_and_small(tmp_path, record, page):
    made = write_alignment_figures("made-up", record, tmp_path)
    assert {path.name for path in made} == set(re.findall(r"\.\./images/([^)]+)", page))
    assert max(path.stat().st_size for path in made) < 120_000
    assert all(len(Image.open(path).getcolors() or []) > 5 for path in made)
    again = write_alignment_figures("made-up", record, tmp_path / "again")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in made]


def test_points():
    row = next(row for row in alignment_rows(aligned_record(seeds=5)) if row.name == "draft")
    assert re.fullmatch(r"\+1\d\.\d points \[1\d\.\d, 1\d\.\d\]", points(row.over_control["H"]))
