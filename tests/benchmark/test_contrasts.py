"""Contrasts of planted grids: nothing is found where nothing is, what is planted is found, doubts are said."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from planted_contrasts import MIXED, REAL, PlantedGrid

from synmedbench.benchmark._cell_key import CellKey, cell_key
from synmedbench.benchmark._cell_table import CellTable, patient_counts, variance_within
from synmedbench.benchmark._claims_cells import claim_of_cells
from synmedbench.benchmark._compared import smallest_shown
from synmedbench.benchmark._contrasts import compare_sides, contrasts
from synmedbench.benchmark._labellers import labeller_words, second_stratum
from synmedbench.benchmark._recipe_claims import ClaimPart
from synmedbench.classifiers import draw_name
from synmedbench.core import UserError, holm, t_interval, wilson

SHUFFLED = ("real+shuffled-synthetic", "diffusion", 2.0)
REPEATED = ("real-repeated", None, 10.0)
MIXUP = ("mixup", None, 0.0)


def claim(**given) -> ClaimPart:
    return ClaimPart(
        **{"id": "c", "compare": "classifier", "a": "real+synthetic/diffusion", "n_real": 8, **given}
    )


def sampled(seed: int = 0, **given):
    return PlantedGrid(**given).sampled(np.random.default_rng(seed))


def at_most(count: int, n: int, rate: float) -> bool:
    """Whether n trials with this count speak against no rate above ``rate``: the interval reaches below it."""
    return wilson(count, n, 0.99).lo <= rate


def test_a_planted_gain_is_found_and_named():
    cells, draws = sampled(gain={(MIXED, "all"): 0.12})
    (found,) = contrasts(cells, draws)
    assert (found.a, found.b, found.verdict) == ("real+synthetic/diffusion", "real-only", "better")
    assert found.lo < 0.12 < found.hi
    assert len(found.per_seed) == 5
    assert found.words.startswith(
        "real+synthetic/diffusion against real-only at 8 real images per class, ratio 2, "
    )
    assert "is better" in found.words
    assert found.method == "t over seeds, patients within"


def test_a_planted_harm_is_found_and_lower_is_better_where_it_is():
    cells, draws = sampled(gain={(MIXED, "all"): -0.12})
    assert contrasts(cells, draws)[0].verdict == "worse"
    cells, draws = sampled(gain={(MIXED, "all"): -0.12}, metric="brier")
    (found,) = contrasts(cells, draws, metrics=("brier",))
    assert found.verdict == "better"
    assert found.value > 0


def test_every_control_of_the_same_setting_is_compared_with():
    cells, draws = sampled(
        sides=(REAL, REPEATED, MIXUP, MIXED, SHUFFLED, ("real+synthetic", "diffusion", 8.0))
    )
    found = {(each.a, each.ratio, each.b) for each in contrasts(cells, draws)}
    mixed = "real+synthetic/diffusion"
    assert found == {
        ("real-repeated", 10.0, "real-only"),
        ("mixup", 0.0, "real-only"),
        (mixed, 2.0, "real-only"),
        (mixed, 2.0, "real-repeated"),
        (mixed, 2.0, "real+shuffled-synthetic/diffusion"),
        ("real+shuffled-synthetic/diffusion", 2.0, "real-only"),
        ("real+shuffled-synthetic/diffusion", 2.0, "real-repeated"),
        (mixed, 8.0, "real-only"),
        (mixed, 8.0, "real-repeated"),
    }


def test_a_claim_may_compare_two_ratios_of_one_arm():
    high = ("real+synthetic", "diffusion", 10.0)
    cells, draws = sampled(sides=(REAL, MIXED, high), gain={(MIXED, "all"): 0.1, (high, "all"): 0.1})
    part = claim(b="real+synthetic/diffusion", ratio=10, ratio_b=2, compare="equivalence", margin=0.1)
    found = compare_sides(part, cells, draws)
    against_real = compare_sides(claim(ratio=10), cells, draws)
    assert found.value == pytest.approx(0, abs=0.05)
    assert against_real.value == pytest.approx(0.1, abs=0.05)
    assert "ratio 10 against 2" in found.words
    told = claim_of_cells(part, cells, draws)
    assert "ratio 10 against 2" in told.sentence
    assert "ratio 10 against 2" in told.contrast


def test_settings_are_never_mixed():
    cells, _ = sampled(gain={(MIXED, "all"): 0.2})
    for change in ({"n_real": 9}, {"classifier": "timm:other"}, {"test_set": "site=b"}):
        moved = []
        for row in cells:
            if row.arm == "real-only":
                key = replace(cell_key(row), **change)
                fields = {"n_real_train": key.n_real, "classifier": key.classifier, "test_set": key.test_set}
                moved.append(row.model_copy(update=fields))
            else:
                moved.append(row)
        assert contrasts(moved) == []


def test_fewer_than_five_seeds_claim_nothing():
    cells, draws = sampled(gain={(MIXED, "all"): 0.5}, seeds=4, noise=0.001, patients=0.0)
    (found,) = contrasts(cells, draws)
    assert found.verdict == "cannot be known from these data"
    assert (found.p, found.lo) == (None, None)
    assert found.value == pytest.approx(0.5, abs=0.01)
    assert "5 needed" in found.doubt
    assert found.words.endswith(found.doubt)


def test_equal_differences_in_every_seed_claim_nothing():
    cells, _ = sampled(gain={(MIXED, "all"): 0.5}, noise=0.0, patients=0.0)
    cells = [row.model_copy(update={"lo": None, "hi": None}) for row in cells]
    assert contrasts(cells)[0].verdict == "cannot be known from these data"
    assert "no spread" in contrasts(cells)[0].words


def test_a_baseline_that_had_not_converged_gives_no_gain():
    cells, draws = sampled(gain={(MIXED, "all"): 0.3})
    mark = "not at its plateau: final training loss 1.90, a uniform guess has less"
    marked = [row.model_copy(update={"reason": mark}) for row in cells]
    off = [
        new if (old.arm, old.seed) == ("real-only", 3) else old
        for old, new in zip(cells, marked, strict=True)
    ]
    (found,) = contrasts(off, draws)
    assert found.verdict == "cannot be known from these data"
    assert "had not converged in 1 of 5 cells" in found.words
    assert found.p is None
    other = [new if old.arm != "real-only" else old for old, new in zip(cells, marked, strict=True)]
    assert contrasts(other, draws)[0].verdict == "better"
    turned = compare_sides(claim(a="real-only", b="real+synthetic/diffusion"), off, draws)
    assert (turned.verdict, turned.p) == ("cannot be known from these data", None)
    alike = compare_sides(claim(compare="equivalence", margin=0.5), other, draws)
    assert (alike.verdict, alike.p_equivalent) == ("cannot be known from these data", None)


def test_a_loss_of_an_arm_that_had_not_converged_is_no_loss():
    cells, draws = sampled(gain={(MIXED, "all"): -0.3})
    mark = {"reason": "not at its plateau: final training loss 1.90, a uniform guess has less"}
    off = [row.model_copy(update=mark) if row.arm != "real-only" else row for row in cells]
    assert contrasts(cells, draws)[0].verdict == "worse"
    (found,) = contrasts(off, draws)
    assert found.verdict == "cannot be known from these data"
    assert "real+synthetic/diffusion had not converged in 5 of 5 cells" in found.words


def test_families_are_adjusted_apart():
    """Many controls that cannot but differ would, in one family, make a weak gain shown."""
    weak = ("real+synthetic", "weak", 2.0)
    plain = [(f"arm{i}", None, 0.0) for i in range(20)]
    gain = {(side, "all"): 0.3 for side in plain} | {(weak, "all"): 0.03}
    cells, draws = sampled(1, sides=(REAL, weak, *plain), gain=gain)
    found = {each.a: each for each in contrasts(cells, draws)}
    assert found["real+synthetic/weak"].p_adjusted == found["real+synthetic/weak"].p
    assert all(found[side[0]].verdict == "better" for side in plain)


def test_a_registered_contrast_without_a_p_counts_in_the_family():
    cells, draws = sampled(gain={(MIXED, "all"): 0.1})
    one, other = claim(id="one"), claim(id="other", a="real+synthetic/unknown")
    found = contrasts(cells, draws, registered=[one, other])
    assert found[0].p_adjusted == pytest.approx(2 * found[0].p)
    assert found[1].p_adjusted is None


def with_patients(draws, count: int, stratum: str = "all"):
    kept = {draw_name("patients", stratum): np.array([count])}
    return {key: {**its, **kept} for key, its in draws.items()}


def test_few_patients_claim_nothing_and_more_widen_the_interval():
    cells, draws = sampled(gain={(MIXED, "all"): 0.2})
    (few,) = contrasts(cells, with_patients(draws, 9))
    assert (few.verdict, few.lo) == ("cannot be known from these data", None)
    assert "9 patients', 10 needed" in few.words
    assert "one patient" in contrasts(cells, with_patients(draws, 1))[0].words
    (ten,), (many,), (plain,) = (
        contrasts(cells, each) for each in (with_patients(draws, 10), with_patients(draws, 5000), draws)
    )
    assert ten.hi - ten.lo > many.hi - many.lo
    assert ten.p > many.p
    assert many.p == pytest.approx(plain.p, rel=0.01)


def test_a_gap_has_the_patients_of_its_smallest_group():
    strata = {"all": 0.8, "sex=f": 0.8, "sex=m": 0.7, "gap:sex": 0.1}
    cells, draws = sampled(strata=strata)
    kept = with_patients(with_patients(with_patients(draws, 90), 60, "sex=f"), 8, "sex=m")
    found = {each.stratum: each for each in contrasts(cells, kept)}
    assert "8 patients'" in found["gap:sex"].words
    assert "8 patients'" in found["sex=m"].words
    assert found["sex=f"].lo is not None
    assert patient_counts([4, 4, 7], {"sex": ["f", "f", "m"]}) == {
        "patients": 2, "patients@sex=f": 1, "patients@sex=m": 1
    }  # fmt: skip


def test_a_ratio_that_one_seed_lacks_is_left_out_of_both_sides_and_the_rest_is_named():
    sides = (REAL, MIXED, SHUFFLED, ("real+synthetic", "diffusion", 8.0), (*SHUFFLED[:2], 8.0))
    cells, draws = sampled(sides=sides)
    part = claim(b="real+shuffled-synthetic/diffusion")
    assert "8 real images per class, the mean over ratios 2, 8" in compare_sides(part, cells, draws).words
    lacking = [row for row in cells if not (row.arm == "real+synthetic" and row.ratio == 8 and row.seed == 3)]
    found = compare_sides(part, lacking, draws)
    assert "8 real images per class, ratio 2," in found.words
    assert found.per_seed == compare_sides(claim(b=part.b, ratio=2.0), cells, draws).per_seed
    apart = [row for row in cells if (row.ratio == 8) == (row.arm == "real+synthetic")]
    assert "at no ratio that both have" in compare_sides(part, apart, draws).words


def test_the_claims_sentence_says_mean_measure_and_stratum():
    strata, far = {"all": 0.8, "sex=f": 0.7}, ("real+synthetic", "diffusion", 8.0)
    grids = [
        PlantedGrid(n_real=n, sides=(REAL, MIXED, far), strata=strata).sampled(np.random.default_rng(n))
        for n in (8, 32)
    ]
    cells, draws = grids[0][0] + grids[1][0], grids[0][1] | grids[1][1]
    told = claim_of_cells(claim(n_real=None, stratum="sex=f"), cells, draws)
    place = "the mean over 8, 32 real images per class and ratios 2, 8"
    assert told.sentence == (
        "Training with real+synthetic/diffusion gives a better classifier than real-only "
        f"by macro auroc in sex=f, on {place}."
    )
    assert place in told.contrast
    assert "all numbers" not in told.sentence + told.contrast


def test_a_claim_of_equivalence_shows_the_interval_that_its_test_reads():
    cells, draws = sampled(noise=0.003, patients=0.003)
    part = claim(compare="equivalence", margin=0.03)
    told, plain = claim_of_cells(part, cells, draws), compare_sides(claim(), cells, draws)
    assert plain.lo < told.lo < told.hi < plain.hi
    assert "at 90%" in told.words


def test_without_draws_the_interval_is_wider_and_says_so():
    cells, draws = sampled(gain={(MIXED, "all"): 0.1}, noise=0.005)
    (paired,), (unpaired,) = contrasts(cells, draws), contrasts(cells)
    assert unpaired.hi - unpaired.lo > paired.hi - paired.lo
    assert "unpaired" in unpaired.method


def test_a_seed_that_one_side_lacks_is_left_out():
    cells, draws = sampled(seeds=6)
    kept = [row for row in cells if not (row.arm == "real-only" and row.seed == 2)]
    nothing = {"value": None, "reason": "not enough data"}
    nulled = [row.model_copy(update=nothing) if row.seed == 2 else row for row in cells]
    assert len(contrasts(kept, draws)[0].per_seed) == 5
    assert len(contrasts(nulled, draws)[0].per_seed) == 5


def test_holm_over_the_registered_and_benjamini_hochberg_over_the_family():
    others = [("real+synthetic", f"g{i}", 2.0) for i in range(6)]
    cells, draws = sampled(
        sides=(REAL, *others), gain={(side, "all"): 0.03 * i for i, side in enumerate(others)}
    )
    parts = [claim(id=f"c{i}", a=f"real+synthetic/g{i}") for i in range(6)]
    found = contrasts(cells, draws, registered=parts)
    named, family = found[:6], found[6:]
    assert [each.id for each in named] == [f"c{i}" for i in range(6)]
    assert all(each.id is None for each in family)
    np.testing.assert_allclose([each.p_adjusted for each in named], holm([each.p for each in named]))
    assert all(each.p <= each.p_adjusted * (1 + 1e-12) for each in family)
    assert sum(each.p_adjusted for each in family) < sum(each.p_adjusted for each in named)
    ledger = contrasts(cells, draws, registered=parts, ledger={"c5": 0.9})
    assert ledger[5].p_adjusted == 0.9
    assert ledger[5].verdict == "not shown"


def test_a_registered_contrast_over_all_numbers_and_ratios_is_their_mean():
    sides = (REAL, MIXED, ("real+synthetic", "diffusion", 8.0))
    small, large = (
        PlantedGrid(n_real=n, sides=sides, gain={(MIXED, "all"): 0.1}).sampled(np.random.default_rng(n))
        for n in (4, 16)
    )
    cells, draws = small[0] + large[0], small[1] | large[1]
    found = compare_sides(claim(n_real=None), cells, draws)
    assert (found.n_real_train, found.ratio) == (0, 0)
    assert "at the mean over 4, 16 real images per class" in found.words
    value = {(row.arm, row.n_real_train, row.ratio, row.seed): row.value for row in cells}

    def gain(seed: int, n: int, *ratios: float) -> float:
        mixed = np.mean([value["real+synthetic", n, ratio, seed] for ratio in ratios])
        return mixed - value["real-only", n, 0.0, seed]

    expected = [(gain(seed, 4, 2.0, 8.0) + gain(seed, 16, 2.0, 8.0)) / 2 for seed in range(5)]
    np.testing.assert_allclose(found.per_seed, expected)
    part = [row for row in cells if (row.n_real_train, row.ratio) != (4, 8.0)]
    tilted = compare_sides(claim(n_real=None), part, draws)
    expected = [(gain(seed, 4, 2.0) + gain(seed, 16, 2.0, 8.0)) / 2 for seed in range(5)]
    np.testing.assert_allclose(tilted.per_seed, expected)
    lone = compare_sides(
        claim(n_real=None), [row for row in cells if row.generator is None or row.n_real_train == 4]
    )
    assert "at 4 real images per class" in lone.words
    one = compare_sides(claim(n_real=None, ratio=8.0), cells, draws)
    assert one.per_seed != found.per_seed
    assert compare_sides(claim(ratio=3.0), cells, draws).verdict == "cannot be known from these data"
    lacking = [
        row for row in cells if not (row.arm == "real-only" and row.n_real_train == 4 and row.seed == 1)
    ]
    assert len(compare_sides(claim(n_real=None), lacking, draws).per_seed) == 4


def test_a_registered_contrast_names_its_classifier_or_takes_the_first():
    frozen, whole = (PlantedGrid(classifier=name, gain={(MIXED, "all"): gain}).sampled(np.random.default_rng(1))
                     for name, gain in (("timm:frozen", 0.0), ("timm:whole", 0.3)))  # fmt: skip
    cells, draws = frozen[0] + whole[0], frozen[1] | whole[1]
    assert compare_sides(claim(), cells, draws).classifier == "timm:frozen"
    found = compare_sides(claim(classifier="timm:whole"), cells, draws)
    assert (found.classifier, found.verdict) == ("timm:whole", "better")


def test_equivalence_needs_the_whole_interval_within_the_margin():
    cells, draws = sampled(noise=0.003, patients=0.003)
    part = claim(compare="equivalence", margin=0.03)
    found = compare_sides(part, cells, draws)
    assert found.verdict == "equivalent"
    assert found.p_equivalent < 0.05
    assert "smaller than 0.03 either way" in found.words
    assert compare_sides(claim(compare="equivalence", margin=0.001), cells, draws).verdict == "not shown"
    registered = contrasts(cells, draws, registered=[part, claim(id="d")])[0]
    assert (
        registered.p_adjusted == pytest.approx(2 * registered.p_equivalent, rel=1e-6)
        or registered.p_adjusted < 0.05
    )
    noisy, its_draws = sampled(noise=0.2)
    assert compare_sides(part, noisy, its_draws).verdict == "not shown"


def test_mcnemar_is_given_for_every_seed_from_the_predictions():
    cells, draws = sampled()
    truth = np.arange(400) % 2
    right, half = np.eye(2)[truth], np.eye(2)[np.where(np.arange(400) < 40, 1 - truth, truth)]
    predictions = {key: (half if key.arm == "real-only" else right, truth) for key in draws}
    (found,) = contrasts(cells, draws, predictions)
    assert found.mcnemar_p == pytest.approx([2 * 0.5**40] * 5)
    some = {key: each for key, each in predictions.items() if key.seed != 4}
    assert contrasts(cells, draws, some)[0].mcnemar_p[4] is None
    assert contrasts(cells, draws)[0].mcnemar_p == []


def test_strata_are_compared_with_real_images_alone():
    strata = {"all": 0.8, "skin_tone=V-VI": 0.7, "gap:skin_tone": 0.1}
    cells, draws = sampled(
        strata=strata, sides=(REAL, REPEATED, MIXED), gain={(MIXED, "gap:skin_tone"): -0.15}
    )
    found = {(each.stratum, each.a, each.b): each for each in contrasts(cells, draws)}
    assert ("skin_tone=V-VI", "real+synthetic/diffusion", "real-repeated") not in found
    gap = found["gap:skin_tone", "real+synthetic/diffusion", "real-only"]
    assert (gap.verdict, gap.value > 0) == ("better", True)
    assert "in gap:skin_tone" in gap.words


def test_the_second_labeller_repeats_or_takes_back_a_verdict():
    strata = {"all": 0.8, "skin_tone=V-VI": 0.7, "skin_tone_2=V-VI": 0.7, "skin_tone=I-II": 0.8}
    gain = {(MIXED, "skin_tone=V-VI"): 0.15}
    found = {each.stratum: each for each in contrasts(*sampled(strata=strata, gain=gain))}
    assert found["skin_tone=V-VI"].verdict == "better"
    assert "under the second labeller: not shown" in found["skin_tone=V-VI"].words
    assert "not measured under the second labeller (skin_tone_2)" in found["skin_tone=I-II"].words
    assert "labeller" not in found["all"].words + found["skin_tone_2=V-VI"].words
    both = gain | {(MIXED, "skin_tone_2=V-VI"): 0.15}
    again = contrasts(*sampled(strata=strata, gain=both))
    first = next(each for each in again if each.stratum == "skin_tone=V-VI")
    assert "the same under the second labeller" in first.words
    assert labeller_words(first, again) in first.words
    one = [each for each in again if "_2" not in each.stratum]
    assert labeller_words(first, one) is None
    assert second_stratum("all") is None


def test_odd_names_and_values_do_not_break():
    strata = {"all": 0.8, "lokalisation=Rücken = oben": 0.7, "sex=": 0.6}
    cells, draws = sampled(strata=strata)
    assert len(contrasts(cells, draws)) == 3
    short = {key: {name: each[: 2 + key.seed] for name, each in its.items()} for key, its in draws.items()}
    assert len(contrasts(cells, short)) == 3
    assert contrasts(cells[:1]) == []
    assert contrasts(cells + cells, draws)[0].value == contrasts(cells, draws)[0].value


def test_one_patients_images_claim_nothing():
    """The measure of a stratum with a single patient has no draws that differ: they are NaN."""
    cells, draws = sampled(gain={(MIXED, "all"): 0.5})
    alone = {
        key: {name: np.r_[each[:1], each[1:] * np.nan] for name, each in its.items()}
        for key, its in draws.items()
    }
    bare = {"lo": None, "hi": None, "reason": "no interval: one patient's images"}
    assert "one patient" in contrasts([row.model_copy(update=bare) for row in cells])[0].doubt
    (found,) = contrasts(cells, alone)
    assert found.verdict == "cannot be known from these data"
    assert "one patient" in found.doubt
    assert (found.value, found.lo, found.p) == (pytest.approx(0.5, abs=0.1), None, None)


def test_detectable_is_what_four_of_five_such_experiments_show():
    normal = t_interval(np.random.default_rng(0).normal(size=2000))
    error = (normal.hi - normal.lo) / 2 / 1.961
    assert smallest_shown(normal) == pytest.approx(2.802 * error, rel=0.01)
    draw, spread = np.random.default_rng(1), 0.05
    reach = np.mean([smallest_shown(t_interval(draw.normal(0, spread, 8))) for _ in range(500)])
    seen = np.mean([t_interval(draw.normal(reach, spread, 8)).lo > 0 for _ in range(2000)])
    assert 0.74 < seen < 0.9


def test_a_side_that_is_a_mean_has_the_mean_of_its_draws():
    cells, draws = sampled()
    keys = [CellKey("real-only", None, 8, 0.0, "timm:resnet10t", seed) for seed in (0, 1)]
    table, halves = CellTable(cells, draws), dict.fromkeys(keys, 0.5)
    expected = sum(draws[key]["macro_auroc"][1:] for key in keys) / 2
    np.testing.assert_allclose(table.draw(halves, "macro_auroc", "all"), expected, rtol=1e-6)
    assert table.draw({**halves, CellKey("x", None, 8, 0.0, "c", 0): 0.0}, "macro_auroc", "all") is None


def test_what_each_seed_has_to_itself_of_the_patients_shrinks_with_the_seeds():
    draw = np.random.default_rng(0)
    shared, own = draw.normal(0, 1, 4000), draw.normal(0, 2, (10, 4000))
    (variance, *rest), paired = variance_within([shared + each for each in own], [9.0] * 10)
    assert paired
    assert variance == pytest.approx(1 + 4 / 10, rel=0.1)
    assert set(rest) == {variance}
    assert variance_within([shared, None], [9.0, 8.0]) == ([9.0, 8.0], False)
    assert variance_within([shared, shared[:9]], [9.0, 8.0]) == ([9.0, 8.0], False)
    assert variance_within([], []) == ([], False)


ARMS = [("real+synthetic", f"g{i}", ratio) for i in range(2) for ratio in (2.0, 8.0)]
NULL = PlantedGrid(sides=(REAL, SHUFFLED, MIXUP, *ARMS))
NULL_CLAIMS = [claim(id=f"{i}{r}", a=f"real+synthetic/g{i}", ratio=r) for i in range(2) for r in (2.0, 8.0)]


def false_alarms(grid: PlantedGrid, repeats: int, seed: int) -> tuple[int, int, int]:
    """Grids in which a registered contrast, a gain, and a control, is called better or worse: three families."""
    draw, registered, gains, controls = np.random.default_rng(seed), 0, 0, 0
    for _ in range(repeats):
        found = contrasts(*grid.sampled(draw), registered=NULL_CLAIMS)
        shown = [each for each in found if each.verdict in ("better", "worse")]
        registered += any(each.id for each in shown)
        family = [each for each in shown if each.id is None]
        gain = [each.b == "real-only" and each.a.startswith("real+synthetic/") for each in family]
        gains += any(gain)
        controls += not all(gain)
    return registered, gains, controls


def test_a_few_null_grids_claim_little():
    n = 40
    assert all(at_most(count, n, 0.05) for count in false_alarms(NULL, n, 0))


@pytest.mark.slow
@pytest.mark.parametrize("patients", [0.0, 0.005, 0.02])
@pytest.mark.parametrize("seeds", [5, 10])
def test_the_family_wise_error_of_null_grids_is_below_its_level(patients, seeds):
    n = 500
    grid = replace(NULL, patients=patients, seeds=seeds)
    assert all(at_most(count, n, 0.05) for count in false_alarms(grid, n, round(1000 * patients) + seeds))


@pytest.mark.slow
def test_intervals_cover_the_planted_gain_and_power_is_what_detectable_says():
    draw, n, covered, shown = np.random.default_rng(5), 800, 0, 0
    grid = PlantedGrid(gain={(MIXED, "all"): 0.05})
    reach = np.mean([contrasts(*grid.sampled(draw))[0].detectable for _ in range(200)])
    grid = replace(grid, gain={(MIXED, "all"): float(reach)})
    for _ in range(n):
        (found,) = contrasts(*grid.sampled(draw))
        covered += found.lo <= reach <= found.hi
        shown += found.verdict == "better"
    assert covered / n > 0.93
    assert 0.7 < shown / n < 0.95


def test_bad_predictions_and_margins():
    with pytest.raises(UserError, match="margin"):
        compare_sides(claim().model_copy(update={"margin": math.inf}), *sampled())
