"""How each built-in metric is measured on the sets of a panel: with its interval, and alone."""

from __future__ import annotations

from collections.abc import Callable

from ..core import Interval, wilson
from ._authenticity import authentic, authenticity_interval
from ._data_copying import data_copying_interval, data_copying_score
from ._frechet import frechet_distance, frechet_interval
from ._frechet_infinity import frechet_distance_infinity, frechet_infinity_interval
from ._intra_class import intra_class_interval, intra_class_ratio
from ._kernel import CMMD_SCALE
from ._memorisation import memorisation
from ._panel_sets import PanelSets
from ._sliced import sliced_wasserstein, sliced_wasserstein_interval
from ._vendi import vendi_interval, vendi_score


def _copy_share(panel: PanelSets) -> Interval:
    assert panel.train is not None
    assert panel.holdout is not None
    return memorisation(
        panel.train,
        panel.synthetic,
        panel.holdout,
        features=panel.setting.extractor,
        train_views=panel.train_views,
        groups=panel.unseen_groups[0],
        holdout_groups=panel.unseen_groups[1],
        level=panel.setting.level,
        device=panel.device,
    ).copy_share


def _authenticity(panel: PanelSets) -> Interval:
    assert panel.train is not None
    own_train = panel.train is panel.real
    if own_train and (swept := panel.sweep.swept).own is not None and swept.to_real is not None:
        new = authentic(swept.own[0].distances[:, 0], swept.to_real)
        return wilson(int(new.sum()), len(new), panel.setting.level)
    return authenticity_interval(panel.train, panel.synthetic, level=panel.setting.level, device=panel.device)


Measure = tuple[Callable[[PanelSets], Interval], Callable[[PanelSets], float]]
"""A metric's interval, and its value alone."""

MEASURES: dict[str, Measure] = {
    "frechet_distance": (
        lambda p: frechet_interval(p.real, p.synthetic, *p.groups, **p.setting.options),
        lambda p: frechet_distance(p.real, p.synthetic),
    ),
    "kernel_distance": (
        lambda p: p.kernel_interval("kernel_distance"),
        lambda p: p.kernel("kernel_distance").unbiased(),
    ),
    "cmmd": (
        lambda p: p.kernel_interval("cmmd"),
        lambda p: max(0.0, CMMD_SCALE * p.kernel("cmmd").biased()),
    ),
    "precision": (lambda p: p.balls.precision, lambda p: p.whole.precision),
    "recall": (lambda p: p.balls.recall, lambda p: p.whole.recall),
    "density": (lambda p: p.balls.density, lambda p: p.whole.density),
    "coverage": (lambda p: p.balls.coverage, lambda p: p.whole.coverage),
    "vendi_score": (
        lambda p: vendi_interval(p.synthetic, groups=p.groups[1], **p.setting.options),
        lambda p: vendi_score(p.synthetic),
    ),
    "alpha_precision": (
        lambda p: p.alpha_beta_intervals.alpha_precision,
        lambda p: p.alpha_beta.alpha_precision,
    ),
    "beta_recall": (
        lambda p: p.alpha_beta_intervals.beta_recall,
        lambda p: p.alpha_beta.beta_recall,
    ),
    "frechet_distance_infinity": (
        lambda p: frechet_infinity_interval(p.real, p.synthetic, *p.groups, **p.setting.options),
        lambda p: frechet_distance_infinity(p.real, p.synthetic, *p.groups, seed=p.setting.seed),
    ),
    "sliced_wasserstein": (
        lambda p: sliced_wasserstein_interval(p.real, p.synthetic, *p.groups, **p.setting.options),
        lambda p: sliced_wasserstein(p.real, p.synthetic, seed=p.setting.seed),
    ),
    "intra_class_distance": (
        lambda p: intra_class_interval(p.real, p.synthetic, *p.groups, **p.setting.options),
        lambda p: intra_class_ratio(p.real, p.synthetic, *p.groups),
    ),
    "data_copying_score": (
        lambda p: data_copying_interval(
            *p.seen_and_unseen,
            groups_holdout=p.unseen_groups[1],
            groups_synthetic=p.groups[1],
            device=p.device,
            **p.setting.options,
        ),
        lambda p: data_copying_score(*p.seen_and_unseen, seed=p.setting.seed, device=p.device),
    ),
    "closest_record_ratio": (
        lambda p: p.closest_record(),
        lambda p: p.closest_record().value,
    ),
    "authenticity": (_authenticity, lambda p: _authenticity(p).value),
    "copy_share": (_copy_share, lambda p: _copy_share(p).value),
}
