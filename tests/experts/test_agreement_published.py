"""Agreement of several raters against the worked examples of its papers."""

from __future__ import annotations

import numpy as np
import pytest

from synmedbench.core import UserError
from synmedbench.experts import cohen_kappa, fleiss_kappa, gwet_ac1, krippendorff_alpha, share_equal

# Fleiss JL. Measuring nominal scale agreement among many raters. Psychol Bull 1971; 76: 378-382, table 1: 30
# patients, 6 psychiatrists each; depression, personality disorder, schizophrenia, neurosis, other.
FLEISS = """00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
            00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"""


def from_counts(rows: list[list[int]]) -> list[list[object]]:
    return [[f"category {k}" for k, n in enumerate(row) for _ in range(n)] for row in rows]


def test_fleiss_1971() -> None:
    counts = [[int(n) for n in word] for word in FLEISS.split()]
    assert np.sum(counts, axis=0).tolist() == [26, 26, 30, 55, 43]  # the paper's column totals
    found = fleiss_kappa(from_counts(counts))
    assert found.value == pytest.approx(0.430, abs=0.0005)
    assert share_equal(from_counts(counts)).value == pytest.approx(0.5556, abs=0.0005)
    assert found.lo < 0.36 < found.value < 0.50 < found.hi


# Krippendorff K. Computing Krippendorff's alpha-reliability. 2011: 4 observers, 12 units, answers missing.
_ = None
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
    [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
]


@pytest.mark.parametrize(
    ("scale", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_krippendorff_2011(scale: str, alpha: float) -> None:
    units = [list(unit) for unit in zip(*OBSERVERS, strict=True)]
    found = krippendorff_alpha(units, scale)
    assert found.value == pytest.approx(alpha, abs=0.0005)
    assert -1 <= found.lo < alpha < found.hi <= 1
    as_nan = [[float("nan") if each is None else each for each in unit] for unit in units]
    assert krippendorff_alpha(as_nan, scale) == found


def test_cohen_1968_weighted() -> None:
    # Cohen J. Weighted kappa. Psychol Bull 1968; 70: 213-220: 200 patients, disagreements weighed 1, 3 and 6.
    # By hand: observed .90, by chance 1.38, 1 - .90 / 1.38 = .348; unweighted (.70 - .41) / .59 = .492.
    counts = np.array([[88, 14, 18], [10, 40, 10], [2, 6, 12]])
    first = [i for i in range(3) for j in range(3) for _ in range(counts[i, j])]
    second = [j for i in range(3) for j in range(3) for _ in range(counts[i, j])]
    weights = [[0, 1, 3], [1, 0, 6], [3, 6, 0]]
    assert cohen_kappa(first, second).value == pytest.approx(0.492, abs=0.0005)
    assert cohen_kappa(first, second, weights=weights).value == pytest.approx(0.348, abs=0.0005)


def pairs(a: int, b: int, c: int, d: int) -> list[list[object]]:
    return [["+", "+"]] * a + [["+", "-"]] * b + [["-", "+"]] * c + [["-", "-"]] * d


def test_the_paradox_of_kappa() -> None:
    # Feinstein AR, Cicchetti DV. J Clin Epidemiol 1990; 43: 543-549: the same 85% of equal answers, kappa .70 and
    # .32. AC1 by hand: (.85 - 2 pi (1 - pi)) / (1 - 2 pi (1 - pi)) with pi .475 and .875.
    for table, kappa, ac1 in (((40, 9, 6, 45), 0.70, 0.70), ((80, 10, 5, 5), 0.32, 0.81)):
        rows = pairs(*table)
        one, two = zip(*rows, strict=True)
        assert cohen_kappa(one, two).value == pytest.approx(kappa, abs=0.005)
        assert gwet_ac1(rows).value == pytest.approx(ac1, abs=0.005)
        assert share_equal(rows).value == pytest.approx(0.85)


def test_a_rare_answer_turns_kappa_negative_and_leaves_ac1() -> None:
    # By hand: p_o = .944, Cohen's p_e = .94528; pi = .972, AC1's p_e = .054432.
    rows = pairs(118, 5, 2, 0)
    one, two = zip(*rows, strict=True)
    assert cohen_kappa(one, two).value == pytest.approx(-0.0234, abs=0.0001)
    assert gwet_ac1(rows).value == pytest.approx(0.9408, abs=0.0001)


@pytest.mark.parametrize("measure", [fleiss_kappa, gwet_ac1, krippendorff_alpha, share_equal])
def test_perfect_agreement_has_a_lower_bound(measure) -> None:
    found = measure([["yes"] * 3, ["no"] * 3] * 10)
    assert (found.value, found.hi) == (1.0, 1.0)
    assert 0.4 < found.lo < 0.95


def test_one_category_or_one_image_is_refused_in_words() -> None:
    for measure in (fleiss_kappa, krippendorff_alpha):
        with pytest.raises(UserError, match="one same answer"):
            measure([["yes", "yes"]] * 5)
    assert gwet_ac1([["yes", "yes"]] * 20).value == 1.0
    for rows in ([], [["yes", "no"]], [["yes", None]] * 9):
        with pytest.raises(UserError, match="two or more images"):
            fleiss_kappa(rows)
    with pytest.raises(UserError, match="no scale"):
        krippendorff_alpha([[1, 2]] * 3, "cosmic")
    with pytest.raises(UserError, match="must be numbers"):
        krippendorff_alpha([["yes", "no"]] * 3, "interval")
    with pytest.raises(UserError, match="below 0"):
        krippendorff_alpha([[-1, 2]] * 3, "ratio")


def test_one_image_that_decides_leaves_all_values_possible() -> None:
    found = fleiss_kappa([["yes", "yes"]] * 15 + [["yes", "no"]])
    assert (found.lo, found.hi, found.method) == (-1.0, 1.0, "none: one image decides")
