"""How far a reward model can be trusted: calibration, and its card on held-out ratings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from ..classifiers import expected_calibration_error
from ..core import LEVEL, rng

MIN_HELD_OUT = 20
"""Fewer held-out ratings than this, or fewer than 4 of one verdict, give no card and no calibration."""
Numbers = NDArray[np.float64]


def enough(verdicts: Numbers) -> bool:
    """True when held-out verdicts can carry a calibration and a card."""
    return len(verdicts) >= MIN_HELD_OUT and min(verdicts.sum(), len(verdicts) - verdicts.sum()) >= 4


def platt(logits: Numbers, verdicts: Numbers) -> tuple[float, float]:
    """Return (a, b), a > 0, that make sigmoid(a * logit + b) honest (Platt 1999, with his smoothed targets)."""
    n1 = float(verdicts.sum())
    n0 = len(verdicts) - n1
    target = np.where(verdicts > 0, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))

    def loss(theta: Numbers) -> float:
        z = np.exp(theta[0]) * logits + theta[1]
        return float((np.logaddexp(0, z) - target * z).mean() + 1e-3 * theta[0] ** 2)

    found = minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=[(-4.0, 3.0), (-10.0, 10.0)])
    return float(np.exp(found.x[0])), float(found.x[1])


def reward_card(
    logits: Numbers,
    verdicts: Numbers,
    labels: Sequence[str],
    *,
    swap: tuple[Numbers, Numbers],
    n_ratings: int,
    n_real: int,
    seed: int,
) -> dict[str, Any]:
    """Return the card of a model from its uncalibrated logits on held-out ratings of synthetic images.

    AUROC (with a 95% bootstrap interval) and average precision of *plausible*; Brier score and ECE (10
    bins) of probabilities calibrated on the *other* half of the held-out ratings; AUROC by class where both
    verdicts occur five times; ``swap_auroc``: held-out real images with their own class against the same
    with a wrong one.
    """
    card: dict[str, Any] = {
        "n_ratings": n_ratings,
        "n_real": n_real,
        "n_held_out": len(verdicts),
        "plausible_share": float(verdicts.mean()) if len(verdicts) else None,
        "level": LEVEL,
        "swap_auroc": _auroc_or_none(*swap),
        "n_swap": len(swap[0]),
    }
    names = ("auroc", "auroc_lo", "auroc_hi", "auprc", "brier", "ece")
    if not enough(verdicts):
        return {**card, **dict.fromkeys(names), "by_class": {}, "reason": _too_few(verdicts)}
    from sklearn.metrics import average_precision_score

    lo, hi = _bootstrap(logits, verdicts, seed)
    honest = _cross_calibrated(logits, verdicts, seed)
    numbers = (
        auroc(logits, verdicts),
        lo,
        hi,
        float(average_precision_score(verdicts, logits)),
        float(((honest - verdicts) ** 2).mean()),
        expected_calibration_error(honest, verdicts.astype(np.int64)),
    )
    by_class = _by_class(logits, verdicts, np.asarray(labels))
    return {**card, **dict(zip(names, numbers, strict=True)), "by_class": by_class, "reason": None}


def auroc(scores: Numbers, verdicts: Numbers) -> float:
    """Area under the ROC curve, ties one half."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(verdicts, scores))


def _auroc_or_none(right: Numbers, wrong: Numbers) -> float | None:
    if len(right) < 5:
        return None
    return auroc(np.concatenate([right, wrong]), np.concatenate([np.ones(len(right)), np.zeros(len(wrong))]))


def _bootstrap(logits: Numbers, verdicts: Numbers, seed: int, replicates: int = 200) -> tuple[float, float]:
    """Percentile interval; plausible and implausible images are resampled apart."""
    draw = rng(seed, "card")
    yes, no = np.flatnonzero(verdicts > 0), np.flatnonzero(verdicts == 0)
    values = []
    for _ in range(replicates):
        rows = np.concatenate([draw.choice(yes, len(yes)), draw.choice(no, len(no))])
        values.append(auroc(logits[rows], verdicts[rows]))
    lo, hi = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(lo), float(hi)


def _cross_calibrated(logits: Numbers, verdicts: Numbers, seed: int) -> Numbers:
    half = np.empty(len(verdicts), bool)
    order = rng(seed, "halves").permutation(len(verdicts))
    order = order[np.argsort(verdicts[order], kind="stable")]
    half[order] = np.arange(len(verdicts)) % 2 == 0
    found = np.empty(len(verdicts))
    for side in (half, ~half):
        a, b = platt(logits[~side], verdicts[~side])
        found[side] = expit(a * logits[side] + b)
    return found


def _by_class(logits: Numbers, verdicts: Numbers, labels: NDArray[Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name in sorted(set(labels.tolist())):
        mine = labels == name
        yes = int(verdicts[mine].sum())
        both = min(yes, int(mine.sum()) - yes) >= 5
        value = auroc(logits[mine], verdicts[mine]) if both else None
        found[str(name)] = {"n": int(mine.sum()), "plausible": yes, "auroc": value}
    return found


def _too_few(verdicts: Numbers) -> str:
    yes = int(verdicts.sum())
    return (
        f"not enough data: {yes} plausible and {len(verdicts) - yes} implausible held-out ratings, "
        f"4 of each and {MIN_HELD_OUT} in all needed"
    )
