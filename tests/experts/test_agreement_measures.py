"""Agreement of several raters: what must always hold, and how often the intervals hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from synmedbench.core import UserError, rng
from synmedbench.experts import cohen_kappa, fleiss_kappa, gwet_ac1, krippendorff_alpha

grades = st.integers(1, 5)


@settings(deadline=None)
@given(st.lists(st.tuples(grades, grades), min_size=2, max_size=50), st.sampled_from(["linear", "quadratic"]))
def test_weighted_kappa_equals_the_reference(pairs: list[tuple[int, int]], weights: str) -> None:
    first, second = zip(*pairs, strict=True)
    assume(len({*first, *second}) > 1)
    found = cohen_kappa(first, second, weights=weights, categories=[1, 2, 3, 4, 5])
    expected = cohen_kappa_score(first, second, weights=weights, labels=[1, 2, 3, 4, 5])
    assert found.value == pytest.approx(expected, abs=1e-12)
    assert -1 <= found.lo <= found.value + 1e-12
    assert found.value <= found.hi + 1e-12 <= 1 + 2e-12


def test_words_are_one_step_apart_and_numbers_keep_their_distance() -> None:
    one, two = [1, 2, 5, 5, 1, 2], [1, 5, 5, 5, 2, 2]
    kept = cohen_kappa(one, two, weights="linear").value
    assert kept == pytest.approx(cohen_kappa(one, two, weights="linear", categories=[1, 2, 3, 4, 5]).value)
    assert kept != pytest.approx(cohen_kappa(one, two, weights="linear", categories=[1, 2, 5]).value)
    with pytest.raises(UserError, match="none of the categories"):
        cohen_kappa(one, two, categories=[1, 2])
    with pytest.raises(UserError, match="no weights"):
        cohen_kappa(one, two, weights="cubic")
    with pytest.raises(UserError, match="3 x 3"):
        cohen_kappa(one, two, weights=[[0, 1], [1, 0]])


answers = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", None]), min_size=2, max_size=5), min_size=2, max_size=25
)


@settings(deadline=None)
@given(answers)
def test_intervals_hold_the_value_and_stay_in_range(rows: list[list[object]]) -> None:
    for measure in (fleiss_kappa, gwet_ac1, krippendorff_alpha):
        try:
            found = measure(rows)
        except UserError:
            continue
        assert -1 <= found.lo <= found.hi <= 1
        assert found.lo - 1e-9 <= max(-1.0, found.value) <= found.hi + 1e-9


@settings(deadline=None)
@given(answers, st.randoms())
def test_neither_the_order_of_raters_nor_names_of_answers_matter(rows: list[list[object]], dice) -> None:
    turned = [dice.sample(row, len(row)) for row in rows]
    renamed = [
        [None if each is None else {"a": "z", "b": "y", "c": "x"}[str(each)] for each in row]
        for row in turned
    ]
    for measure in (fleiss_kappa, gwet_ac1, krippendorff_alpha):
        try:
            expected = measure(rows)
        except UserError:
            continue
        found = measure(renamed)
        assert (found.value, found.lo, found.hi) == pytest.approx(
            (expected.value, expected.lo, expected.hi), abs=1e-9
        )


def test_alpha_of_two_complete_raters_is_scotts_pi_corrected_for_numbers() -> None:
    # Krippendorff: alpha = 1 - (1 - pi) (1 - 1 / (answers given)).
    rows = [["a", "a"], ["a", "b"], ["b", "b"], ["c", "c"], ["a", "c"], ["b", "b"]]
    pi = fleiss_kappa(rows).value
    assert krippendorff_alpha(rows).value == pytest.approx(1 - (1 - pi) * (1 - 1 / 12))


@pytest.mark.slow
@pytest.mark.parametrize("raters", [2, 3, 6])
@pytest.mark.parametrize(("share", "noise"), [(0.6, 0.1), (0.9, 0.1), (0.9, 0.03), (0.6, 0.3)])
def test_intervals_cover_at_about_their_level(raters: int, share: float, noise: float) -> None:
    same, yes = (1 - noise) ** 2 + noise**2, share * (1 - noise) + (1 - share) * noise
    chance = {"kappa": yes**2 + (1 - yes) ** 2, "ac1": 2 * yes * (1 - yes)}
    dice, covered, n = rng(11, raters, share, noise), {"kappa": 0, "alpha": 0, "ac1": 0}, 400
    for _ in range(n):
        truth = dice.random(50) < share
        votes = (truth[:, None] ^ (dice.random((50, raters)) < noise)).astype(int)
        rows = votes.tolist()
        if np.minimum((votes == 1).any(axis=1).sum(), (votes == 0).any(axis=1).sum()) < 5:
            covered = {name: count + 1 for name, count in covered.items()}  # null: no interval is given
            continue
        for name, measure in (("kappa", fleiss_kappa), ("alpha", krippendorff_alpha), ("ac1", gwet_ac1)):
            true = (same - chance.get(name, chance["kappa"])) / (1 - chance.get(name, chance["kappa"]))
            found = measure(rows)
            covered[name] += found.lo <= true <= found.hi
    shares = {name: count / n for name, count in covered.items()}
    print(f"{raters} raters, share {share}, noise {noise}, 50 images:", shares)
    assert all(0.91 <= each <= 0.995 for each in shares.values()), shares
