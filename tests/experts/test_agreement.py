"""Agreement: kappa against its definition and another implementation, its interval by simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from synmedbench.core import UserError, rng
from synmedbench.experts import agreement, check_ratings, cohen_kappa, share_plausible

answers = st.sampled_from(["yes", "no", "cannot tell"])


@settings(deadline=None)
@given(st.lists(st.tuples(answers, answers), min_size=2, max_size=60))
def test_kappa_equals_the_reference(pairs: list[tuple[str, str]]) -> None:
    first, second = zip(*pairs, strict=True)
    assume(len({*first, *second}) > 1)
    found = cohen_kappa(first, second)
    assert found.value == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)
    assert -1 <= found.lo <= found.value + 1e-12
    assert found.value <= found.hi + 1e-12 <= 1 + 2e-12


def test_interval_equals_the_published_example() -> None:
    # Fleiss, Cohen and Everitt 1969, as in Fleiss, Levin and Paik 2003, table 18.1: kappa .68, error .087.
    counts = np.array([[75, 1, 4], [5, 4, 1], [0, 0, 10]])
    first = [i for i in range(3) for j in range(3) for _ in range(counts[i, j])]
    second = [j for i in range(3) for j in range(3) for _ in range(counts[i, j])]
    found = cohen_kappa(first, second)
    assert found.value == pytest.approx(0.68, abs=0.005)
    # The interval is made for log(1 - kappa), whose error is kappa's own over 1 - kappa.
    error = np.log((1 - found.lo) / (1 - found.hi)) / (2 * 1.96) * (1 - found.value)
    assert error == pytest.approx(0.087, abs=0.001)


def test_perfect_agreement_still_has_a_lower_bound() -> None:
    found = cohen_kappa(["a", "b"] * 10, ["a", "b"] * 10)
    assert (found.value, found.hi) == (1.0, 1.0)
    assert 0.5 < found.lo < 0.9


def test_kappa_refuses_what_it_cannot_be_made_of() -> None:
    for first, second in ((["a"], ["a"]), (["a", "b"], ["a"])):
        with pytest.raises(UserError, match="two or more"):
            cohen_kappa(first, second)
    with pytest.raises(UserError, match="undefined"):
        cohen_kappa(["a", "a"], ["a", "a"])


@pytest.mark.slow
@pytest.mark.parametrize(("n", "noise"), [(60, 0.1), (150, 0.2), (150, 0.05)])
def test_interval_covers_at_about_its_level(n: int, noise: float) -> None:
    share, dice = 0.6, rng(7, n)
    same = (1 - noise) ** 2 + noise**2
    yes = share * (1 - noise) + (1 - share) * noise
    expected = yes**2 + (1 - yes) ** 2
    true = (same - expected) / (1 - expected)
    covered = 0
    for _ in range(2000):
        truth = dice.random(n) < share
        one, two = (truth ^ (dice.random(n) < noise) for _ in range(2))
        found = cohen_kappa(one.tolist(), two.tolist())
        covered += found.lo <= true <= found.hi
    assert 0.92 <= covered / 2000 <= 0.98


def rated(rater: str, votes: list[int], repeat: int = 0) -> pd.DataFrame:
    n = len(votes)
    return pd.DataFrame(
        {
            "event_id": [f"{rater}-{repeat}-{i}" for i in range(n)],
            "rater": rater,
            "image": [f"{i}.png" for i in range(n)],
            "image_key": [f"k{i}" for i in range(n)],
            "label": ["a", "b"] * (n // 2),
            "criterion": "size",
            "answer": ["yes" if vote else "no" for vote in votes],
            "plausible": votes,
            "repeat": repeat,
        }
    )


def test_pairs_of_raters_and_a_rater_with_himself() -> None:
    anna, ben = [1, 0, 1, 1] * 10, [1, 0, 0, 1] * 10
    table = agreement(
        check_ratings(pd.concat([rated("anna", anna), rated("ben", ben), rated("anna", anna, 1)]))
    )
    found = table.set_index(["rater_a", "rater_b", "criterion"])
    assert set(found.index) == {
        ("anna", "ben", "plausible"),
        ("anna", "ben", "size"),
        ("anna", "anna, again", "plausible"),
        ("anna", "anna, again", "size"),
    }
    row = found.loc[("anna", "ben", "size")]
    assert (row["n"], row["agree"], row["kappa"]) == (40, 0.75, pytest.approx(0.5))
    assert found.loc[("anna", "anna, again", "plausible"), "kappa"] == 1.0


def test_too_few_or_constant_answers_are_null_with_a_reason() -> None:
    few = agreement(check_ratings(pd.concat([rated("anna", [1, 0]), rated("ben", [1, 0])])))
    assert few["kappa"].isna().all()
    assert few["reason"].tolist() == ["not enough data: 2 images, 20 needed"] * 2
    same = agreement(check_ratings(pd.concat([rated("anna", [1] * 22), rated("ben", [1] * 22)])))
    assert same["kappa"].isna().all()
    assert "undefined" in same["reason"].iloc[0]


def test_shares_by_rater_and_by_class() -> None:
    table = check_ratings(
        pd.concat([rated("anna", [1, 0] * 20), rated("ben", [1, 1] * 20), rated("ben", [0] * 40, 1)])
    )
    by_rater = share_plausible(table).set_index("rater")
    assert by_rater["share"].to_dict() == {"anna": 0.5, "ben": 1.0}
    assert by_rater.loc["anna", ["lo", "hi"]].tolist() == pytest.approx([0.352, 0.648], abs=0.001)
    assert share_plausible(table, "label").set_index("label")["plausible"].to_dict() == {"a": 40, "b": 20}
