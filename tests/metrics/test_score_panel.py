"""The panel of metrics on one pair of sets, and by stratum."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from synmedbench.core import UserError
from synmedbench.metrics import PANEL, Score, by_stratum, metric_card, metric_cards, prdc, score_panel

RNG = np.random.default_rng(0)
REAL, MADE, TRAIN, HOLDOUT = RNG.standard_normal((4, 160, 6))


def named(scores: list[Score]) -> dict[str, Score]:
    return {score.metric: score for score in scores}


def test_every_metric_has_a_card_and_a_score() -> None:
    cards = metric_cards()
    names = (*PANEL, "cmmd")
    scores = score_panel(REAL, MADE, metrics=names, train=TRAIN, holdout=HOLDOUT, extractor="texture", seed=3)
    assert [score.metric for score in scores] == list(names)
    for score in scores:
        assert score.reason is None
        assert score.value is not None
        assert score.lo is not None
        assert score.hi is not None
        assert score.lo <= score.value <= score.hi
        assert (score.extractor, score.seed, score.stratum, score.level) == ("texture", 3, "all", 0.95)
        assert score.n_synthetic == 160
        card = cards[score.metric]
        assert score.higher_is_better is card.higher_is_better
        low, high = card.bounds
        assert low <= score.lo
        assert high is None or score.hi <= high


def test_cards_are_complete() -> None:
    cards = metric_cards()
    assert set(PANEL) <= set(cards)
    for name, card in cards.items():
        assert card.name == name
        assert all((card.title, card.family, card.needs_n >= 2, card.reads, card.sees, card.source))
        assert card.family in {"fidelity", "diversity", "novelty"}
    with pytest.raises(UserError, match="did you mean 'coverage'"):
        metric_card("covrage")


def test_what_is_missing_is_null_with_a_reason() -> None:
    scores = named(score_panel(REAL[:30], MADE, k=3))
    assert scores["frechet_distance"].reason == "not enough data: 30 real images, 50 needed"
    assert scores["kernel_distance"].value is not None
    assert scores["authenticity"].reason == "needs the features of the training images"
    assert (
        scores["copy_share"].reason
        == "needs the features of the training images and of the real hold-out images"
    )
    assert all(score.value is None for score in scores.values() if score.reason)


def test_few_patients_leave_the_value_and_take_the_interval() -> None:
    patients = np.repeat(np.arange(8), 20)
    for score in score_panel(REAL, MADE, metrics=PANEL[:6], groups=patients):
        assert score.value is not None
        assert score.lo is None
        assert score.reason is not None
        assert "8 independent patients" in score.reason


def test_zero_rows_null_vendi_alone() -> None:
    dark = MADE.copy()
    dark[4] = 0
    scores = named(score_panel(REAL, dark, metrics=("vendi_score", "coverage")))
    assert scores["vendi_score"].value is None
    assert "row 4 is all zeros" in str(scores["vendi_score"].reason)
    assert scores["coverage"].value is not None


@dataclass
class MeanGap:
    """Distance of the means."""

    name: str = "mean_gap"
    higher_is_better: bool | None = False
    needs: int = 30

    def __call__(self, real: np.ndarray, synthetic: np.ndarray) -> float:
        return float(np.linalg.norm(real.mean(axis=0) - synthetic.mean(axis=0)))


def test_a_metric_of_ones_own() -> None:
    (score,) = score_panel(REAL, MADE + 1, metrics=[MeanGap()])
    assert score.value is not None
    assert score.lo is not None
    assert score.lo < np.sqrt(6) < float(score.hi or 0)
    assert score.method == "jackknife, 20 blocks"
    (few,) = score_panel(REAL[:9], MADE, metrics=[MeanGap()])
    assert few.reason == "not enough data: 9 real images, 30 needed"
    (bare,) = score_panel(REAL[:9], MADE, metrics=[MeanGap(needs=2)])
    assert bare.value is not None
    assert bare.lo is None


class Broken(MeanGap):
    def __call__(self, real: np.ndarray, synthetic: np.ndarray) -> float:
        return float("nan")


def test_a_metric_that_says_nan_is_null() -> None:
    (score,) = score_panel(REAL, MADE, metrics=[Broken()])
    assert score.value is None
    assert score.reason == "mean_gap is nan on these features"


def test_unknown_metrics_and_bad_features_raise() -> None:
    with pytest.raises(UserError):
        score_panel(REAL, MADE, metrics=["no_such_metric"])
    with pytest.raises(UserError, match="NaN"):
        score_panel(REAL, np.where(MADE > 2, np.nan, MADE))


def test_a_score_is_a_number_or_a_reason() -> None:
    (score,) = score_panel(REAL, MADE, metrics=["coverage"])
    with pytest.raises(AssertionError):
        replace(score, value=float("nan"))
    with pytest.raises(AssertionError):
        replace(score, value=None)


def strata(counts: dict[str, int]) -> np.ndarray:
    return np.repeat(list(counts), list(counts.values()))


def test_a_class_that_was_never_made_shows_in_its_coverage() -> None:
    rng = np.random.default_rng(1)
    centres = {"a": 0.0, "b": 8.0}
    real_of, made_of = strata({"a": 120, "b": 120}), strata({"a": 240})
    real = rng.standard_normal((240, 5)) + np.array([centres[c] for c in real_of])[:, None]
    made = rng.standard_normal((240, 5))
    scores = {(s.metric, s.stratum): s for s in by_stratum(real, made, real_of, made_of)}
    assert scores["coverage", "b"].value == 0
    assert (scores["coverage", "a"].value or 0) > 0.9
    assert (scores["coverage", "b"].n_real, scores["coverage", "b"].n_synthetic) == (120, 240)
    assert scores["kernel_distance", "b"].reason == "not enough data: 0 synthetic images in b, 50 needed"
    assert scores["frechet_distance", "b"].value is None
    assert scores["frechet_distance", "a"].value is not None


def test_coverages_of_strata_average_to_the_whole() -> None:
    of = strata({"x": 60, "y": 100})
    scores = [s for s in by_stratum(REAL, MADE, of, of, column="site") if s.metric == "coverage"]
    assert [s.stratum for s in scores] == ["site=x", "site=y"]
    mean = sum((s.value or 0) * s.n_real for s in scores) / 160
    assert mean == pytest.approx(prdc(REAL, MADE).coverage)


def test_frechet_stands_beside_its_floor_at_equal_n() -> None:
    of = strata({"x": 160})
    scores = named(by_stratum(REAL, MADE + 2, of, of))
    distance, floor = scores["frechet_distance"], scores["frechet_distance_floor"]
    assert (distance.n_real, distance.n_synthetic) == (80, 80)
    assert (floor.n_real, floor.n_synthetic) == (160, 0)
    assert float(distance.lo or 0) > float(floor.hi or 0)
    assert floor.higher_is_better is None


def test_small_and_unknown_strata_are_named() -> None:
    of = np.array(["V-VI"] * 14 + [None] * 60 + ["I-II"] * 86, dtype=object)
    scores = by_stratum(REAL, MADE, of, of)
    assert sorted({score.stratum for score in scores}) == ["I-II", "V-VI", "unknown"]
    reasons = {(s.metric, s.stratum): s.reason for s in scores}
    assert reasons["coverage", "V-VI"] == "not enough data: 14 images in V-VI, 50 needed"
    assert reasons["kernel_distance", "unknown"] is None
    assert reasons["frechet_distance", "unknown"] == (
        "not enough data: 30 images in a half of the real ones in unknown, 50 needed"
    )
    with pytest.raises(UserError, match="real_strata"):
        by_stratum(REAL, MADE, of[:3], of)


def test_built_in_factories_agree_with_the_functions() -> None:
    from synmedbench.metrics import _builtin

    elsewhere = {"frechet_distance_floor", "inception_score"}
    names = [
        name for name, card in metric_cards().items() if name not in elsewhere and "holdout" not in card.reads
    ]
    for name in names:
        metric = getattr(_builtin, name)()
        (direct,) = score_panel(REAL, MADE, metrics=[name], train=REAL)
        (built,) = score_panel(REAL, MADE, metrics=[metric])
        assert built.metric == direct.metric
        assert built.value == pytest.approx(direct.value, rel=1e-12)
        assert built.higher_is_better is direct.higher_is_better
