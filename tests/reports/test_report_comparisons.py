"""The table of pairs: what is claimed, what is not, and why."""

from __future__ import annotations

from sample_record import sample_record

from synmedbench.benchmark import Comparison
from synmedbench.reports._section_comparisons import comparisons_block


def pair(a: str, b: str, p: float | None, seeds: list[float], **more) -> Comparison:
    fixed = {"metric": "frechet_distance", "extractor": "domain", "per_seed": seeds, "p": p, "p_adjusted": p}
    number = {"value": 2.0, "lo": -1.0, "hi": 5.0} if p is not None else {}
    return Comparison(a=a, b=b, **{**fixed, **number, **more})


def cells(record, row: int) -> list[str]:
    return [cell.text for cell in comparisons_block(record).table.rows[row]]


def test_a_record_without_comparisons_has_no_table():
    assert comparisons_block(sample_record()) is None


def test_few_seeds_claim_nothing_and_show_themselves():
    record = sample_record(
        comparisons=[
            pair("x<b>", "y", 0.001, [1.5, 2.5]),
            pair("x<b>", "z", 0.002, [5.0, -1.0]),
            pair("y", "z", 0.6, [1, 3]),
            pair("y", "w", None, [], reason="w has no replicates of seed 1"),
        ]
    )
    found = comparisons_block(record)
    assert [cells(record, row)[-1] for row in range(4)] == [
        "these images differ", "seeds disagree", "cannot be told apart", "not compared",
    ]  # fmt: skip
    assert found.table.rows[0][2].small == "seeds 1.50 · 2.50"
    assert found.table.rows[3][2].small == "w has no replicates of seed 1"
    assert cells(record, 0)[3:5] == ["0.001", "0.001"]
    assert "1 of 3 pairs differ in every seed" in found.says
    assert "5 seeds needed" in found.notes[0]


def test_five_seeds_name_the_better_one():
    record = sample_record(
        comparisons=[
            pair("x", "y", 0.0001, [1, 1, 2, 2, 1], scope="seeds", better="y"),
            pair("x", "z", 0.3, [1, -1, 2, 2, 1], scope="seeds"),
        ]
    )
    assert cells(record, 0)[-1] == "y is better"
    assert cells(record, 0)[3] == "< 0.001"
    assert "1 of 2 pairs can be told apart" in comparisons_block(record).says


def test_nothing_could_be_compared():
    record = sample_record(comparisons=[pair("y", "w", None, [], reason="too few images")])
    assert "No two generators could be compared" in comparisons_block(record).says
