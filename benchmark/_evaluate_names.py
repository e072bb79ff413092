"""Which metrics an evaluation measures, and by what names its rows go."""

from __future__ import annotations

from collections.abc import Sequence

from ..core import UserError, did_you_mean, parse_spec, registry
from ..metrics import PANEL, metric_cards
from ._requested import LABELS, TONES

SYNTHETIC, CEILING, FLOOR = "synthetic", "real-holdout", "real, half against half"
MIN_STRATUM = 50
PLAUSIBLE, COPIES = "plausible_share", "copy_share"
FLOOR_METRIC = "frechet_distance_floor"
OTHERS = (COPIES, FLOOR_METRIC, PLAUSIBLE, LABELS, TONES)
"""Rows that are made elsewhere than in the panel."""


def panel_of(metrics: Sequence[str], *, train: bool, holdout: bool) -> list[str]:
    """The metrics of the panel that are asked for, or all that these sets allow."""
    if metrics:
        return [name for name in metrics if name not in OTHERS]
    given = {"real", "synthetic", *(["train"] if train else []), *(["holdout"] if holdout else [])}
    return [name for name in PANEL if name not in OTHERS and reads(name) <= given]


def reads(spec: str) -> set[str]:
    """The sets that a metric reads, by its card; a metric of a plug-in reads the real and the synthetic one."""
    card = metric_cards().get(parse_spec(spec).name)
    return {"real", "synthetic"} if card is None else set(card.reads)


def wants_copies(metrics: Sequence[str]) -> bool:
    """True where copies are asked for, by name or with everything."""
    return not metrics or COPIES in metrics


def check_names(metrics: Sequence[str], *, reward: bool, train: bool, holdout: bool) -> None:
    """Refuse a metric that cannot be measured with what is given, and a reward model that nothing is asked of."""
    if reward and metrics and PLAUSIBLE not in metrics:
        raise UserError(
            f"--reward is given, but {PLAUSIBLE} is not among the metrics",
            remedy=f"add {PLAUSIBLE} to --metrics",
        )
    known = [
        *metric_cards(),
        *registry("metrics").names(),
        *(name for name in OTHERS if reward or name != PLAUSIBLE),
    ]
    for spec in metrics:
        name = parse_spec(spec).name
        if name not in known:
            raise UserError(f"no metric {spec!r} is measured here", remedy=did_you_mean(name, known))
        if name != COPIES and "train" in reads(spec) and not train:
            raise UserError(
                f"{name} needs the images that the generator was trained on", remedy="give them with --train"
            )
        if name != COPIES and "holdout" in reads(spec) and not holdout:
            raise UserError(
                f"{name} needs real images that the generator never saw", remedy="give them with --holdout"
            )
