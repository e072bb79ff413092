"""The oracles measure what the phantoms drew, and the documentation prints the very numbers."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from synmedbench.core import UserError
from synmedbench.imagesets import oracle_agreement
from synmedbench.imagesets._blood_rules import BLOOD_RULES
from synmedbench.imagesets._derm_rules import DERM_RULES

DOCUMENT = Path(__file__).parents[2] / "docs" / "phantoms.md"

LEAST_CORRELATION = {
    "phantom-derm": {
        "typology_angle": 0.97,
        "count": 0.9,
        "diameter": 0.9,
        "elongation": 0.65,
        "irregularity": 0.5,
        "depth": 0.88,
        "clearing": -0.8,
        "variegation": 0.6,
        "pallor": 0.6,
    },
    "phantom-blood": {
        "diameter": 0.98,
        "nucleus": 0.93,
        "lobes": 0.9,
        "chromatin": 0.75,
        "elongation": 0.6,
        "granules": 0.45,
    },
}


def printed_rows() -> list[list[str]]:
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]


@pytest.mark.parametrize("name", sorted(LEAST_CORRELATION))
def test_agreement_and_its_printed_table(name):
    table = oracle_agreement(name)
    printed = printed_rows()
    for row in table.itertuples():
        least = LEAST_CORRELATION[name][row.drawn]
        assert row.rank_correlation / least >= 1, row.drawn
        found = [cells for cells in printed if cells[:3] == [row.drawn, row.measured, row.images]]
        assert len(found) == 1, row.drawn
        assert int(found[0][3]) == pytest.approx(row.n, abs=2)
        for text, value in zip(
            found[0][4:], (row.rank_correlation, row.mean_absolute_error, row.bias), strict=True
        ):
            assert (text == "-") == math.isnan(value)
            if text != "-":
                assert float(text) == pytest.approx(value, abs=0.012)


def test_absolute_errors_are_small():
    derm = oracle_agreement("phantom-derm", n=300, seed=1).set_index("drawn")["mean_absolute_error"]
    assert derm["typology_angle"] < 5.0
    assert derm["diameter"] < 0.06
    blood = oracle_agreement("phantom-blood", n=240, seed=1).set_index("drawn")["mean_absolute_error"]
    assert blood["diameter"] < 0.04
    assert blood["nucleus"] < 0.07


def test_every_rule_is_printed():
    printed = {cells[0]: cells[1:] for cells in printed_rows()}
    for rules in (DERM_RULES, BLOOD_RULES):
        for label, criteria in rules.items():
            assert printed[label] == [rule.words for rule in criteria.values()]


def test_unknown_phantom():
    with pytest.raises(UserError, match="phantom-blood"):
        oracle_agreement("phantom-blod")
