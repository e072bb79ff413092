"""Measures agree with torchmetrics and scikit-learn, by stratum, and say why when they cannot be given."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from torchmetrics.functional.classification import (
    multiclass_auroc,
    multiclass_calibration_error,
    multiclass_f1_score,
    multiclass_recall,
)

from synmedbench.classifiers import Measure, measures
from synmedbench.classifiers._weighted import (
    expected_calibration_error,
    weighted_auroc,
    weighted_ece,
    weighted_f1,
    weighted_recalls,
)
from synmedbench.core import UserError

CLASSES = ["a", "b", "c"]


def predictions(n: int, seed: int, skill: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = np.r_[0, 1, 2, rng.integers(0, 3, n - 3)]
    logits = rng.normal(size=(n, 3))
    logits[np.arange(n), truth] += skill
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return p, truth


def by_name(found: list[Measure]) -> dict[tuple[str, str], Measure]:
    return {(m.metric, m.stratum): m for m in found}


@settings(max_examples=15, deadline=None)
@given(n=st.integers(30, 200), seed=st.integers(0, 999))
def test_values_agree_with_torchmetrics(n: int, seed: int) -> None:
    p, truth = predictions(n, seed)
    tp, tt = torch.from_numpy(p), torch.from_numpy(truth)
    found = by_name(measures(p, [CLASSES[t] for t in truth], CLASSES, min_n=1, replicates=5))
    expected = {
        "macro_auroc": multiclass_auroc(tp, tt, 3),
        "balanced_accuracy": multiclass_recall(tp, tt, 3, average="macro"),
        "macro_f1": multiclass_f1_score(tp, tt, 3, average="macro"),
        "ece": multiclass_calibration_error(tp, tt, 3, n_bins=15, norm="l1"),
    }
    for metric, value in expected.items():
        assert found[metric, "all"].value == pytest.approx(float(value), abs=2e-6), metric


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 999), ties=st.booleans())
def test_weights_mean_repetition(seed: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    p, truth = predictions(40, seed)
    p = np.round(p, 1) if ties else p
    counts = rng.integers(0, 4, 40)
    repeated = np.repeat(np.arange(40), counts)
    w, ones = counts[None].astype(float), np.ones((1, len(repeated)))
    guess = p.argmax(1)
    right = guess == truth
    pairs = [
        (weighted_auroc(p[:, 0], truth == 0, w), weighted_auroc(p[repeated, 0], truth[repeated] == 0, ones)),
        (weighted_recalls(right, truth, 3, w), weighted_recalls(right[repeated], truth[repeated], 3, ones)),
        (weighted_f1(guess, truth, 3, w), weighted_f1(guess[repeated], truth[repeated], 3, ones)),
        (weighted_ece(p.max(1), right, w), weighted_ece(p.max(1)[repeated], right[repeated], ones)),
    ]
    for by_weight, by_repetition in pairs:
        np.testing.assert_allclose(by_weight, by_repetition, atol=1e-12)
    if 0 < (truth[repeated] == 0).mean() < 1:
        expected = roc_auc_score(truth[repeated] == 0, p[repeated, 0])
        assert pairs[0][0][0] == pytest.approx(expected)


def test_strata_worst_group_and_gap() -> None:
    p, truth = predictions(600, 0)
    tone = np.array(["I-II", "III-IV", "V-VI"])[np.random.default_rng(1).integers(0, 3, 600)]
    dark = tone == "V-VI"
    p[dark] = np.roll(p[dark], 1, axis=0)
    found = by_name(measures(p, [CLASSES[t] for t in truth], CLASSES, strata={"skin_tone": tone}))
    values = {t: found["balanced_accuracy", f"skin_tone={t}"].value for t in ("I-II", "III-IV", "V-VI")}
    worst, gap = found["balanced_accuracy", "worst:skin_tone"], found["balanced_accuracy", "gap:skin_tone"]
    assert worst.value == min(values.values()) == values["V-VI"]  # type: ignore[type-var]
    assert gap.value == pytest.approx(max(values.values()) - min(values.values()))  # type: ignore[type-var,operator]
    assert gap.lo is not None
    assert gap.lo > 0.2
    assert found["ece", "worst:skin_tone"].value == max(
        found["ece", f"skin_tone={t}"].value  # type: ignore[type-var]
        for t in values
    )


def test_small_strata_and_missing_classes_are_null_with_the_reason() -> None:
    p, truth = predictions(300, 2)
    site = np.array(["big"] * 286 + ["V-VI"] * 14)
    found = by_name(measures(p, [CLASSES[t] for t in truth], CLASSES, strata={"site": site}))
    small = found["macro_auroc", "site=V-VI"]
    assert (small.value, small.lo, small.n_test) == (None, None, 14)
    assert small.reason == "not enough data: 14 images in V-VI, 50 needed"
    assert found["macro_auroc", "worst:site"].value is None
    halves = np.where(truth == 2, "x", "y")
    found = by_name(measures(p, [CLASSES[t] for t in truth], CLASSES, strata={"half": halves}))
    assert found["macro_auroc", "half=y"].value is None
    assert "no image of c" in str(found["macro_auroc", "half=y"].reason)
    assert found["ece", "half=y"].value is not None


def test_unknown_is_a_stratum_but_never_the_worst_group() -> None:
    p, truth = predictions(400, 3)
    tone = np.array(["I-II", "V-VI", "unknown", "unknown"] * 100)
    p[tone == "unknown"] = p[tone == "unknown"][:, ::-1]
    found = by_name(measures(p, [CLASSES[t] for t in truth], CLASSES, strata={"skin_tone": tone}))
    unknown, worst = (
        found["balanced_accuracy", "skin_tone=unknown"],
        found["balanced_accuracy", "worst:skin_tone"],
    )
    assert unknown.value is not None
    assert worst.value is not None
    assert unknown.value < worst.value


def test_patients_widen_the_interval() -> None:
    p, truth = predictions(60, 4)
    rows = np.repeat(np.arange(60), 8)
    labels = [CLASSES[t] for t in truth[rows]]
    alone = by_name(measures(p[rows], labels, CLASSES))
    grouped = by_name(measures(p[rows], labels, CLASSES, groups=rows))
    for key in (("macro_auroc", "all"), ("recall", "label=a")):
        a, g = alone[key], grouped[key]
        assert a.value == pytest.approx(g.value)
        assert (g.hi - g.lo) > 1.8 * (a.hi - a.lo)  # type: ignore[operator]


@pytest.mark.slow
def test_intervals_hold_what_they_say() -> None:
    p, truth = predictions(200_000, 5)
    target = by_name(measures(p, [CLASSES[t] for t in truth], CLASSES, replicates=2))
    hits: dict[str, int] = {"macro_auroc": 0, "balanced_accuracy": 0}
    for trial in range(200):
        q, t = predictions(300, 1000 + trial)
        found = by_name(measures(q, [CLASSES[i] for i in t], CLASSES))
        for metric in hits:
            m = found[metric, "all"]
            hits[metric] += m.lo <= target[metric, "all"].value <= m.hi  # type: ignore[operator]
    assert all(hit / 200 > 0.9 for hit in hits.values()), hits


def test_the_same_input_gives_the_same_interval() -> None:
    p, truth = predictions(100, 6)
    labels = [CLASSES[t] for t in truth]
    assert measures(p, labels, CLASSES) == measures(p, labels, CLASSES)


def test_bad_input() -> None:
    p, truth = predictions(60, 7)
    labels = [CLASSES[t] for t in truth]
    with pytest.raises(UserError, match="not among the classes"):
        measures(p, ["z", *labels[1:]], CLASSES)
    with pytest.raises(UserError, match="sum to 1"):
        measures(p * 2, labels, CLASSES)
    bad = p.copy()
    bad[0, 0] = np.nan
    with pytest.raises(UserError, match="finite"):
        measures(bad, labels, CLASSES)
    with pytest.raises(UserError, match="groups"):
        measures(p, labels, CLASSES, groups=[1, 2])
    with pytest.raises(UserError, match="column 'sex'"):
        measures(p, labels, CLASSES, strata={"sex": ["f"]})


def test_calibration_error_of_a_binary_probability() -> None:
    p = np.array([0.05, 0.95, 0.95, 0.95, 0.95])
    assert expected_calibration_error(p, np.array([0, 1, 1, 1, 0])) == pytest.approx((0.05 + 0.8) / 5)
    assert expected_calibration_error(np.array([0.0, 1.0]), np.array([0, 1])) == 0.0
