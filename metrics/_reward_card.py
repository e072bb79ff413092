"""How far a reward model can be trusted: calibration, and its card on held-out ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from ..classifiers import expected_calibration_error
from ..core import LEVEL, rng

MIN_HELD_OUT = 20
"""Fewer held-out ratings than this, or fewer than 4 of one verdict, give no card and no calibration."""
MIN_OF_EACH = 5
"""A class, or a criterion, with fewer ratings of one verdict gets no AUROC."""
MIN_FOR_ECE = 50
"""ECE in 10 bins is far too high on fewer ratings, even of an honest model."""
Numbers = NDArray[np.float64]


def enough(verdicts: Numbers) -> bool:
    """True when held-out verdicts can carry a calibration and a card."""
    return len(verdicts) >= MIN_HELD_OUT and min(verdicts.sum(), len(verdicts) - verdicts.sum()) >= 4


def known(logits: Numbers, answers: Numbers) -> tuple[Numbers, Numbers]:
    """The rows that were answered yes (1) or no (0); the rest, on which raters differ or nobody could tell, go."""
    sure = np.isin(answers, (0.0, 1.0))
    return logits[sure], answers[sure]


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
    answers: Mapping[str, tuple[Numbers, Numbers]] | None = None,
) -> dict[str, Any]:
    """Return the card of a model from its uncalibrated logits on held-out ratings of synthetic images.

    AUROC (with a 95% bootstrap interval) and average precision of *plausible*; Brier score, ECE (10
    bins) and mean of probabilities calibrated on the *other* half of the held-out ratings; the same by class;
    ``criteria``: the AUROC of each criterion from its logits and answers; ``swap_auroc``: held-out real images
    with their own class against the same with a wrong one.
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
    honest = _cross_calibrated(logits, verdicts, seed) if enough(verdicts) else None
    told = {name: _criterion(*pair) for name, pair in (answers or {}).items()}
    return card | numbers_on(logits, verdicts, labels, honest, seed) | {"criteria": told}


def numbers_on(
    logits: Numbers, verdicts: Numbers, labels: Sequence[str], probabilities: Numbers | None, seed: int
) -> dict[str, Any]:
    """The numbers of a card, all and ``by_class``: of logits against verdicts, and of probabilities.

    Without enough ratings they are null, with the ``reason``.
    """
    names = np.asarray(labels, dtype=object)
    by_class = {
        str(name): _class_row(logits, verdicts, probabilities, names == name)
        for name in sorted(set(names.tolist()))
    }
    empty = dict.fromkeys(("auroc", "auroc_lo", "auroc_hi", "auprc", "brier", "ece", "mean_probability"))
    if probabilities is None or not enough(verdicts):
        return {**empty, "by_class": by_class, "reason": _too_few(verdicts)}
    lo, hi = _bootstrap(logits, verdicts, seed)
    found = {
        "auroc": auroc(logits, verdicts),
        "auroc_lo": lo,
        "auroc_hi": hi,
        "auprc": _auprc(logits, verdicts),
        "brier": float(((probabilities - verdicts) ** 2).mean()),
        "ece": expected_calibration_error(probabilities, verdicts.astype(np.int64)),
        "mean_probability": float(probabilities.mean()),
    }
    return {**found, "by_class": by_class, "reason": None}


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


def _class_row(
    logits: Numbers, verdicts: Numbers, probabilities: Numbers | None, mine: NDArray[np.bool_]
) -> dict[str, Any]:
    """A class's numbers; AUROC and AUPRC need both verdicts 5 times, ECE 50 ratings; else null and the reason."""
    z, y = logits[mine], verdicts[mine]
    n, yes = len(y), int(y.sum())
    row: dict[str, Any] = {"n": n, "n_plausible": yes, "auroc": None, "auprc": None, "ece": None}
    lacking = []
    if min(yes, n - yes) >= MIN_OF_EACH:
        row |= {"auroc": auroc(z, y), "auprc": _auprc(z, y)}
    else:
        lacking.append(f"{yes} plausible and {n - yes} implausible ratings, {MIN_OF_EACH} of each needed")
    if n < MIN_FOR_ECE:
        lacking.append(f"{n} ratings, {MIN_FOR_ECE} needed for ECE")
    elif probabilities is None:
        lacking.append("too few ratings of one verdict, over all classes, to calibrate probabilities for ECE")
    else:
        row["ece"] = expected_calibration_error(probabilities[mine], y.astype(np.int64))
    return {**row, "reason": f"not enough data: {'; '.join(lacking)}" if lacking else None}


def _criterion(logits: Numbers, answers: Numbers) -> dict[str, Any]:
    """How well one criterion's answers are told."""
    n, yes = len(answers), int(answers.sum())
    if min(yes, n - yes) >= MIN_OF_EACH:
        return {"n": n, "n_yes": yes, "auroc": auroc(logits, answers), "reason": None}
    reason = f"not enough data: {yes} yes and {n - yes} no, {MIN_OF_EACH} of each needed"
    return {"n": n, "n_yes": yes, "auroc": None, "reason": reason}


def _auprc(logits: Numbers, verdicts: Numbers) -> float:
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(verdicts, logits))


def _too_few(verdicts: Numbers) -> str:
    yes = int(verdicts.sum())
    return (
        f"not enough data: {yes} plausible and {len(verdicts) - yes} implausible held-out ratings, "
        f"4 of each and {MIN_HELD_OUT} in all needed"
    )
