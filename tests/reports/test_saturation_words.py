"""The page says no more of saturation and worth than their rows: a loss is no gain, a mean is no interval."""

from __future__ import annotations

from synmedbench.benchmark import Equivalence, Saturation, SaturationModel
from synmedbench.reports._section_augmentation_saturation import _chosen, _saturation_says
from synmedbench.reports._section_augmentation_worth import _worth_says


def row(chosen: str, gain: float, **changes) -> Saturation:
    return Saturation(
        classifier="c", metric="macro_auroc", arm="real+synthetic", generator="g", n_real_train=8,
        ratios=[1, 5, 10], models=[SaturationModel(name=chosen, parameters={"gain": gain})], chosen=chosen,
        **{"pays_until": 0.0, **changes},
    )  # fmt: skip


def test_a_loss_is_told_as_a_loss():
    losses = [row("peak", -0.1), row("linear", -0.1), row("saturating", -0.1)]
    assert _saturation_says(losses) == "In 3 of 3 settings a loss fits best."
    assert _chosen(losses[0]) == "peak, a loss"
    assert "no gain at any ratio" in _saturation_says([row("none", 0.0)])


def test_a_decline_is_told_of_a_gain():
    said = _saturation_says([row("peak", 0.1, pays_until=4.0)])
    assert "a decline after a peak fits best" in said
    assert "shown in none" in said
    below = _saturation_says([row("saturating", 0.1, pays_until=None, censored="below")])
    assert "at or before the smallest ratio" in below


def test_worth_is_counted_by_bounds_and_means_are_called_means():
    fixed = {"classifier": "c", "metric": "macro_auroc", "arm": "real+synthetic", "generator": "g"}
    beyond = Equivalence(**fixed, n_real_train=8, ratio=2, synthetic=16, censored="above", ere_lo=0.5)
    said = _worth_says([beyond])
    assert "worth something in 1 of 1 setting" in said
    assert "by their means, 1 did better" in said
