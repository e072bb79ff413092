"""The report's block on a new concept: shares by arm and value, verdicts, what it cost other requests."""

from __future__ import annotations

import pytest
from sample_record import sample_record

from synmedbench.benchmark import ConceptRow, ConceptVerdict
from synmedbench.reports._report import report_html
from synmedbench.reports._section_concept import concept_block


def rows(seeds: int) -> list[ConceptRow]:
    found = []
    for seed in range(seeds):
        for arm, share in (("untaught", 0.4), ("draft", 0.7 + seed / 100)):
            for value in ("segmented", "band <i>"):
                found.append(
                    ConceptRow(
                        method=arm, seed=seed, value=value, n=128, asked_confirmed=share,
                        other_confirmed=1 - share, plausible=0.5, both=share / 2,
                    )
                )  # fmt: skip
            found.append(ConceptRow(method=arm, seed=seed, value=None, n=128, plausible=0.5))
    return found


def verdict(seeds: int) -> ConceptVerdict:
    shown = "taught" if seeds >= 5 else "cannot be known from these data"
    return ConceptVerdict(method="draft", column="subtype", verdict=shown, words="why", price=[-0.02] * seeds)


@pytest.mark.parametrize(("seeds", "shown"), [(5, "0.720 [0.700, 0.740]"), (2, "seeds 0.700")])
def test_shares_have_intervals_from_five_seeds_and_seeds_below(tmp_path, seeds, shown):
    record = sample_record(concepts=rows(seeds), concept_verdicts=[verdict(seeds)])
    block = concept_block(record)
    assert [row[0].text for row in block.table.rows] == ["untaught", "untaught", "draft", "draft"]
    text = " ".join(f"{cell.text} {cell.small}" for row in block.table.rows for cell in row)
    assert shown in text
    assert "-0.020" in block.table.note.replace("−", "-")
    page = report_html(record, tmp_path)
    assert "band &lt;i&gt;" in page
    assert "A new concept" in page


def test_what_was_not_measured_says_why():
    row = ConceptRow(method="draft", seed=0, value="band", n=0, reason="H cannot tell")
    block = concept_block(sample_record(concepts=[row]))
    assert {(cell.text, cell.small) for cell in block.table.rows[0][3:]} == {("–", "H cannot tell")}


def test_without_a_concept_there_is_no_block():
    assert concept_block(sample_record()) is None
