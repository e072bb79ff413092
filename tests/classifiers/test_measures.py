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

from synmedbench.classifiers import (
    HIGHER_IS_BETTER,
    Measure,
    better_sign,
    draw_name,
    measures,
    measures_and_draws,
    replicate_measures,
)
from synmedbench.classifiers._measure_rows import METRICS
from synmedbench.classifiers._measures import KEPT_BY_STRATUM
from synmedbench.classifiers._weighted import (
    _wins_by_pair,
    _wins_by_rank,
    expected_calibration_error,
    weighted_auroc,
)
from synmedbench.classifiers._weighted_test import WeightedTest
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
    by_weight = weighted(p, truth, counts[:, None].astype(float))
    by_repetition = weighted(p[repeated], truth[repeated], np.ones((len(repeated), 1)))
    assert set(by_weight) == set(METRICS) - {"top3"}
    for metric, value in by_weight.items():
        np.testing.assert_allclose(value, by_repetition[metric], atol=1e-12, err_msg=metric)
    if 0 < (truth[repeated] == 0).mean() < 1:
        expected = roc_auc_score(truth[repeated] == 0, p[repeated, 0])
        found = weighted_auroc(p[:, 0], truth == 0, counts[:, None].astype(float))
        assert found[0] == pytest.approx(expected)


def weighted(p: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    test = WeightedTest.of(p, truth, CLASSES, weights, scaled=p**2 / (p**2).sum(1, keepdims=True))
    return test.values(test.sums(), whole=True)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 9999), n=st.integers(2, 60), levels=st.integers(1, 40))
def test_pairs_and_ranks_count_the_same_wins(seed: int, n: int, levels: int) -> None:
    draw = np.random.default_rng(seed)
    high, low = (draw.integers(0, levels, draw.integers(1, n)) / levels for _ in range(2))
    above, below = (draw.poisson(1, (len(each), 7)).astype(float) for each in (high, low))
    by_pair, by_rank = (wins(high, low, above, below) for wins in (_wins_by_pair, _wins_by_rank))
    np.testing.assert_array_equal(by_pair, by_rank)
    direct = sum(
        above[i] * below[j] * ((high[i] > low[j]) + 0.5 * (high[i] == low[j]))
        for i in range(len(high))
        for j in range(len(low))
    )
    np.testing.assert_array_equal(by_pair, direct)


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


def many_classes(n: int, k: int, seed: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    draw = np.random.default_rng(seed)
    truth = np.r_[np.arange(k), draw.integers(0, k, n - k)]
    logits = draw.normal(size=(n, k))
    logits[np.arange(n), truth] += 1.5
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return p, truth, [f"c{i}" for i in range(k)]


def test_top3_and_brier_agree_with_their_definitions() -> None:
    from sklearn.metrics import top_k_accuracy_score

    p, truth, classes = many_classes(300, 6, 1)
    found = by_name(measures(p, [classes[t] for t in truth], classes, replicates=5))
    assert found["top3", "all"].value == pytest.approx(top_k_accuracy_score(truth, p, k=3))
    one_hot = np.eye(6)[truth]
    assert found["brier", "all"].value == pytest.approx(((p - one_hot) ** 2).sum(1).mean())
    assert ("ece_scaled", "all") not in found
    few = by_name(measures(p[truth < 3][:, :3] / p[truth < 3][:, :3].sum(1, keepdims=True),
                           [classes[t] for t in truth[truth < 3]], classes[:3], replicates=5))  # fmt: skip
    assert ("top3", "all") not in few


def test_a_guess_that_knows_nothing_has_the_top3_of_chance() -> None:
    truth = np.repeat(np.arange(6), 20)
    p = np.full((120, 6), 1 / 6)
    found = by_name(measures(p, [f"c{t}" for t in truth], [f"c{i}" for i in range(6)], replicates=5))
    assert found["top3", "all"].value == pytest.approx(0.5)
    assert found["macro_auroc", "all"].value == 0.5


def test_scaled_probabilities_change_calibration_alone() -> None:
    p, truth = predictions(400, 8)
    sharp = p**3 / (p**3).sum(1, keepdims=True)
    labels = [CLASSES[t] for t in truth]
    found = by_name(measures(sharp, labels, CLASSES, scaled=p, replicates=5))
    plain = by_name(measures(p, labels, CLASSES, replicates=5))
    for name in ("ece", "brier"):
        assert found[f"{name}_scaled", "all"].value == plain[name, "all"].value
        assert found[name, "all"].value > found[f"{name}_scaled", "all"].value  # type: ignore[operator]
    with pytest.raises(UserError, match="temperature-scaled"):
        measures(p, labels, CLASSES, scaled=p[:-1])
    with pytest.raises(UserError, match="finite"):
        measures(p, labels, CLASSES, scaled=p * np.nan)


def test_equalized_odds_is_the_largest_range_of_both_rates_meaned_over_classes() -> None:
    p, truth = predictions(900, 9, skill=1.0)
    sex = np.array(["f", "m", "unknown"])[np.random.default_rng(2).integers(0, 3, 900)]
    p[sex == "f"] = np.roll(p[sex == "f"], 1, axis=1)
    found = by_name(measures(p, [CLASSES[t] for t in truth], CLASSES, strata={"sex": sex}))
    guess, ranges = p.argmax(1), []
    for k in range(3):
        rates = {
            group: [
                np.mean(guess[(sex == group) & mine] == k) for mine in (truth == k, truth != k)
            ]
            for group in ("f", "m")
        }  # fmt: skip
        ranges.append(max(abs(rates["f"][i] - rates["m"][i]) for i in (0, 1)))
    odds = found["equalized_odds_difference", "gap:sex"]
    assert odds.value == pytest.approx(np.mean(ranges))
    assert odds.lo < odds.value < odds.hi  # type: ignore[operator]
    assert odds.detectable is not None


def test_groups_served_alike_to_the_image_have_no_equalized_odds_difference() -> None:
    p, truth = predictions(200, 10)
    twice, labels = np.concatenate([p, p]), [CLASSES[t] for t in np.r_[truth, truth]]
    found = by_name(measures(twice, labels, CLASSES, strata={"sex": ["f"] * 200 + ["m"] * 200}))
    assert found["equalized_odds_difference", "gap:sex"].value == pytest.approx(0, abs=1e-12)


def test_a_column_that_is_the_label_gets_recalls_not_macro_means() -> None:
    p, truth = predictions(300, 11)
    labels = [CLASSES[t] for t in truth]
    found = by_name(measures(p, labels, CLASSES, strata={"label": labels}))
    assert ("macro_auroc", "label=a") not in found
    assert ("equalized_odds_difference", "gap:label") not in found
    assert found["brier", "label=a"].value is not None
    recalls = [found["recall", f"label={name}"].value for name in CLASSES]
    assert found["recall", "worst:label"].value == pytest.approx(min(recalls))  # type: ignore[type-var]
    assert found["recall", "gap:label"].value == pytest.approx(max(recalls) - min(recalls))  # type: ignore[type-var,operator]
    assert len(
        {(m.metric, m.stratum) for m in measures(p, labels, CLASSES, strata={"label": labels})}
    ) == len(found)


def test_draws_are_the_measures_own_and_pair_classifiers() -> None:
    p, truth = predictions(300, 12)
    labels = [CLASSES[t] for t in truth]
    groups, strata = np.arange(300) // 3, {"sex": np.where(np.arange(300) % 2, "f", "m")}
    found, draws = measures_and_draws(p, labels, CLASSES, strata=strata, groups=groups, scaled=p)
    assert found == measures(p, labels, CLASSES, strata=strata, groups=groups, scaled=p)
    for m in found:
        name = draw_name(m.metric, m.stratum)
        assert (name in draws) == (m.stratum == "all" or m.metric in KEPT_BY_STRATUM)
        if name in draws:
            assert draws[name].shape == (301,)
            assert draws[name][0] == pytest.approx(m.value, abs=1e-6)
    alone = replicate_measures(p, labels, CLASSES, groups=groups)
    np.testing.assert_allclose(draws["macro_auroc"], alone["macro_auroc"], atol=1e-6)
    worse = np.where(np.arange(300)[:, None] < 3, p[:, ::-1], p)
    other = measures_and_draws(worse, labels, CLASSES, groups=groups)[1]["balanced_accuracy"]
    apart = (draws["balanced_accuracy"] - other)[1:].std()
    assert apart < draws["balanced_accuracy"][1:].std() / 3


def test_detectable_shrinks_with_the_images_and_is_wider_in_patients() -> None:
    p, truth = predictions(1600, 13)
    labels = [CLASSES[t] for t in truth]

    def found(n: int, groups: np.ndarray | None = None) -> float:
        value = by_name(measures(p[:n], labels[:n], CLASSES, groups=groups))[
            "balanced_accuracy", "all"
        ].detectable
        assert value is not None
        return value

    assert found(400) / found(1600) == pytest.approx(2, rel=0.25)
    rows = np.repeat(np.arange(100), 4)
    grouped = by_name(measures(p[rows], [labels[i] for i in rows], CLASSES, groups=rows))
    alone = by_name(measures(p[rows], [labels[i] for i in rows], CLASSES))
    key = ("balanced_accuracy", "all")
    assert grouped[key].detectable > 1.5 * alone[key].detectable  # type: ignore[operator]


def test_detectable_is_unknown_where_no_draw_differs() -> None:
    truth = np.arange(180) % 3
    p = np.eye(3)[truth]
    found = by_name(measures(p, [CLASSES[t] for t in truth], CLASSES))
    assert found["macro_auroc", "all"].value == 1.0
    assert found["macro_auroc", "all"].detectable is None
    assert found["recall", "label=a"].detectable > 0.05  # type: ignore[operator]


@pytest.mark.slow
def test_a_difference_of_the_detectable_size_is_seen_in_four_of_five() -> None:
    """Two classifiers on 400 images each, recall-like: the planted difference is the mean detectable one."""
    draw = np.random.default_rng(3)

    def top3(skill: float, n: int = 400) -> Measure:
        truth = draw.integers(0, 5, n)
        logits = draw.normal(size=(n, 5))
        logits[np.arange(n), truth] += skill
        p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        found = measures(p, [f"c{t}" for t in truth], [f"c{i}" for i in range(5)], replicates=100)
        return by_name(found)["top3", "all"]

    low = [top3(0.5) for _ in range(150)]
    mean = np.mean([m.value for m in low])
    reach = np.mean([m.detectable for m in low])
    skill = min(np.linspace(0.5, 1.5, 41), key=lambda s: abs(top3(s, 40_000).value - mean - reach))
    high = [top3(skill) for _ in range(150)]
    spread = [np.hypot((a.hi - a.lo), (b.hi - b.lo)) / 2 for a, b in zip(low, high, strict=True)]
    seen = np.mean([b.value - a.value > s for a, b, s in zip(low, high, spread, strict=True)])
    assert 0.68 < seen < 0.95


def test_signs_and_directions() -> None:
    assert set(METRICS) < set(HIGHER_IS_BETTER)
    assert better_sign("recall", "gap:label") == -1
    assert better_sign("brier_scaled") == -1
    assert better_sign("equalized_odds_difference", "gap:sex") == -1
    assert better_sign("top3", "worst:sex") == 1


def test_a_draw_without_a_class_or_without_a_stratum_still_gives_bounds() -> None:
    p, truth = predictions(60, 14)
    truth = np.r_[2, truth[1:] % 2]
    groups = np.r_[0, np.ones(59, int)]
    found = by_name(measures(p, [CLASSES[t] for t in truth], CLASSES, groups=groups, min_n=1,
                             strata={"sex": ["f"] + ["m"] * 59}))  # fmt: skip
    assert found["macro_auroc", "all"].value is not None
    assert np.isfinite(found["macro_auroc", "all"].lo)  # type: ignore[arg-type]
    assert found["ece", "sex=f"].value is not None
    one = measures(p[:1], ["c"], CLASSES, min_n=1)
    assert {m.value for m in one if m.metric == "macro_auroc"} == {None}


def test_one_patient_gives_values_without_intervals() -> None:
    p, truth = predictions(240, 15)
    labels, sex = [CLASSES[t] for t in truth], np.repeat(["f", "m"], 120)
    alone = np.r_[np.zeros(120, int), np.arange(1, 121)]
    found = by_name(measures(p, labels, CLASSES, groups=alone, strata={"sex": sex}))
    for metric in ("macro_auroc", "ece"):
        row = found[metric, "sex=f"]
        assert row.value is not None
        assert (row.lo, row.hi, row.detectable) == (None, None, None)
        assert row.reason == "no interval: one patient's images"
        assert found[metric, "sex=m"].lo is not None
    assert found["equalized_odds_difference", "gap:sex"].value is not None
    assert found["equalized_odds_difference", "gap:sex"].lo is None
    one_class = by_name(
        measures(p, labels, CLASSES, groups=np.where(truth == 0, -1, np.arange(240)), min_n=1)
    )
    assert one_class["recall", "label=a"].lo is None
    assert one_class["recall", "label=b"].lo is not None


def test_a_single_class_and_a_single_draw() -> None:
    row = by_name(measures(np.ones((60, 1)), ["a"] * 60, ["a"]))["macro_auroc", "all"]
    assert (row.value, row.reason) == (None, "not defined on these images")
    with pytest.raises(UserError, match="2 replicates"):
        measures(np.ones((60, 1)), ["a"] * 60, ["a"], replicates=1)
