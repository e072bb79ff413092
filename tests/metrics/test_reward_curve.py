"""The learning curve's plan and what it refuses; which images are chosen to be rated next."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.core import UserError
from synmedbench.metrics import RatedSet, RewardModel, choose_to_rate, reward_card_lines, reward_curve
from synmedbench.metrics._reward_choose import farthest_first, uncertainty


def rated(n: int, seed: int) -> RatedSet:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)
    verdicts = np.arange(n) % 2.0
    table = pd.DataFrame({"label": ["a", "b", "b", "a"] * (n // 4)})
    return RatedSet(images, table, verdicts, pd.DataFrame({"sharp": verdicts}))


class Noting:
    """Stands in for a reward model: notes what it was fitted on."""

    seen: list[dict[str, Any]]

    def fit(self, images: Any, conditions: Any, verdicts: Any, **given: Any) -> None:
        self.seen.append({"rows": {image.tobytes() for image in images}, "table": conditions, **given})

    def card_on(self, images: Any, conditions: Any, verdicts: Any, *, seed: int) -> dict[str, Any]:
        return {"auroc": 0.5, "auprc": 0.5, "brier": 0.25, "ece": 0.0, "reason": None, "n": len(images)}


@pytest.fixture
def noting() -> type[Noting]:
    return type("Fresh", (Noting,), {"seen": []})


def test_a_curve_has_every_number_arm_and_seed_and_the_smaller_lie_within_the_larger(noting) -> None:
    real = rated(8, 3)
    rows = reward_curve(rated(80, 0), rated(20, 1), sizes=(40, 20), seeds=(5, 6), real_images=real.images,
                        real_conditions=real.conditions, make=noting)  # fmt: skip
    assert [tuple(row) for row in rows[["n_ratings", "automatic", "seed"]].to_numpy().tolist()] == [
        (20, False, 5), (20, True, 5), (40, False, 5), (40, True, 5),
        (20, False, 6), (20, True, 6), (40, False, 6), (40, True, 6),
    ]  # fmt: skip
    few, few_real, many = noting.seen[0], noting.seen[1], noting.seen[2]
    assert len(few["rows"]) == 20
    assert few["rows"] == few_real["rows"] < many["rows"]
    assert few["rows"] != noting.seen[4]["rows"]
    assert few["real_images"] is None
    assert len(few_real["real_images"]) == 8
    assert len(few["criteria"]) == 20
    assert (rows["auroc"] == 0.5).all()


def test_a_curve_refuses_what_would_deceive(noting) -> None:
    some, test = rated(40, 0), rated(20, 1)
    with pytest.raises(UserError, match="20 of the 20 test images are also among"):
        reward_curve(some, some.take(np.arange(20)), sizes=(20,), make=noting)
    with pytest.raises(UserError, match="but 40 are there"):
        reward_curve(some, test, sizes=(20, 50), make=noting)
    with pytest.raises(UserError, match="20 plausible and 0 implausible"):
        reward_curve(some, RatedSet(test.images, test.conditions, np.ones(20)), sizes=(20,), make=noting)
    with pytest.raises(UserError, match="a verdict, 0 or 1, on every image"):
        reward_curve(some, RatedSet(test.images, test.conditions, np.r_[np.nan, test.verdicts[1:]]), make=noting)


def test_ratings_that_agree_have_no_number_but_a_reason(noting) -> None:
    same = RatedSet(*(lambda r: (r.images, r.conditions, np.ones(40)))(rated(40, 0)))
    rows = reward_curve(same, rated(20, 1), sizes=(20,), seeds=(0,), make=noting)
    assert rows["auroc"].isna().all()
    assert "same verdict" in rows["reason"][0]
    assert not noting.seen


@pytest.fixture(scope="module")
def model() -> RewardModel:
    some = rated(40, 2)
    fitted = RewardModel(steps=3, batch_size=8, ensemble=2)
    fitted.fit(some.images, some.conditions, some.verdicts, seed=0)
    return fitted


@pytest.mark.parametrize("how", ["uncertainty", "diversity", "both", "random"])
def test_rows_to_rate_are_different_and_depend_on_the_seed_alone(model: RewardModel, how: str) -> None:
    pool = rated(60, 4)
    rows = choose_to_rate(model, pool.images, pool.conditions, 12, how, seed=1)
    assert len(set(rows.tolist())) == 12
    np.testing.assert_array_equal(rows, choose_to_rate(model, pool.images, pool.conditions, 12, how, seed=1))
    assert len(choose_to_rate(model, pool.images, pool.conditions, 60, how, seed=1)) == 60


def test_uncertainty_takes_the_least_sure(model: RewardModel) -> None:
    pool = rated(60, 4)
    unsure = uncertainty(model, pool.images, pool.conditions)
    assert (unsure >= 0).all()
    rows = choose_to_rate(model, pool.images, pool.conditions, 10, "uncertainty", seed=1)
    assert unsure[rows].min() >= np.delete(unsure, rows).max()
    wide = choose_to_rate(model, pool.images, pool.conditions, 10, "both", seed=1)
    assert set(wide.tolist()) <= set(np.argsort(-unsure)[:40].tolist())


def test_one_network_is_least_sure_at_one_half(model: RewardModel) -> None:
    pool = rated(24, 5)
    both = model.networks
    try:
        model.networks = both[:1]
        p = model.probability(pool.images, pool.conditions)
        order = np.argsort(uncertainty(model, pool.images, pool.conditions))
    finally:
        model.networks = both
    assert (np.diff(np.abs(p - 0.5)[order]) <= 1e-9).all()


def test_choosing_refuses_what_is_not_there(model: RewardModel) -> None:
    pool = rated(8, 6)
    with pytest.raises(UserError, match="did you mean 'diversity'"):
        choose_to_rate(model, pool.images, pool.conditions, 2, "diversty", seed=0)
    for n in (0, 9):
        with pytest.raises(UserError, match="there are 8"):
            choose_to_rate(model, pool.images, pool.conditions, n, seed=0)


@settings(max_examples=25)
@given(seed=st.integers(0, 200), n=st.integers(1, 12))
def test_farthest_first_leaves_nobody_farther_than_the_chosen_are_apart(seed: int, n: int) -> None:
    points = np.random.default_rng(seed).integers(0, 6, (12, 2)).astype(float)
    rows = farthest_first(points, n)
    assert len(set(rows.tolist())) == n
    gap = np.sqrt(((points[:, None] - points[rows][None]) ** 2).sum(2)).min(1).max()
    apart = np.sqrt(((points[rows][:, None] - points[rows][None]) ** 2).sum(2))
    nearest = apart[~np.eye(n, dtype=bool)].min() if n > 1 else np.inf
    assert gap <= nearest + 1e-9


def test_the_card_in_lines_says_what_lacks(model: RewardModel) -> None:
    text = "\n".join(reward_card_lines(model.card))
    assert "of which 20 were held out (50% plausible)" in text
    assert "AUROC" in text
    assert "None" not in text
    assert "nan" not in text
    few = RewardModel(steps=1, batch_size=4)
    some = rated(16, 7)
    few.fit(some.images, some.conditions, some.verdicts, seed=0)
    assert "not enough data" in "\n".join(reward_card_lines(few.card))
