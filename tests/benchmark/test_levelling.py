"""Levelling down: flagged where it was planted, not where a gap closes upwards, nor where nothing happens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planted_contrasts import MIXED, REAL, PlantedGrid

from synmedbench.benchmark._levelling import levelling
from synmedbench.classifiers import draw_name
from synmedbench.core import wilson

BETTER, MIDDLE, WORSE = "skin_tone=I-II", "skin_tone=III-IV", "skin_tone=V-VI"
TONES = PlantedGrid(strata={"all": 0.8, BETTER: 0.9, MIDDLE: 0.8, WORSE: 0.65}, noise=0.015, patients=0.015)


def one(grid: PlantedGrid, seed: int = 0):
    (found,) = levelling(*grid.sampled(np.random.default_rng(seed)))
    return found


def test_planted_levelling_down_is_flagged():
    found = one(replace(TONES, gain={(MIXED, BETTER): -0.12}))
    assert found.flagged is True
    assert (found.better_group, found.worse_group, found.column) == ("I-II", "V-VI", "skin_tone")
    assert found.gap_change == pytest.approx(found.better_change - found.worse_change)
    assert found.gap_hi < 0
    assert found.better_lo < -0.12 < found.better_hi
    assert "levelled down: the gap closed because I-II is served worse" in found.words
    assert found.p <= found.p_adjusted < 0.05


@pytest.mark.parametrize(
    "gain",
    [
        {(MIXED, WORSE): 0.12},
        {(MIXED, WORSE): 0.12, (MIXED, BETTER): 0.05},
        {(MIXED, WORSE): -0.12},
        {(MIXED, tone): -0.12 for tone in (BETTER, MIDDLE, WORSE)},
        {(MIXED, WORSE): 0.2, (MIXED, BETTER): -0.08},
        {},
    ],
    ids=["worse-gains", "both-gain", "worse-loses", "all-lose", "mostly-gained", "nothing"],
)
def test_what_is_no_levelling_down_is_not_flagged(gain):
    found = one(replace(TONES, gain=gain))
    assert found.flagged is False
    assert "no levelling down shown" in found.words


def test_errors_that_are_better_when_low_are_turned_round():
    grid = replace(TONES, metric="brier", strata={BETTER: 0.2, WORSE: 0.5}, gain={(MIXED, BETTER): 0.15})
    (found,) = levelling(*grid.sampled(np.random.default_rng(0)), metrics=("brier",))
    assert (found.better_group, found.flagged) == ("I-II", True)
    assert found.better_change < 0


def test_what_cannot_be_known_is_null_with_words():
    few = one(replace(TONES, seeds=4, gain={(MIXED, BETTER): -0.5}))
    assert (few.flagged, few.gap_change) == (None, None)
    assert "4 seeds, 5 needed" in few.words
    cells, _ = replace(TONES, noise=0.0, patients=0.0).sampled(np.random.default_rng(0))
    plain = [row.model_copy(update={"lo": None, "hi": None}) for row in cells]
    assert levelling(plain)[0].flagged is None
    lone = replace(TONES, strata={"all": 0.8, BETTER: 0.9, "skin_tone=unknown": 0.2})
    assert levelling(*lone.sampled(np.random.default_rng(0))) == []
    cells, draws = TONES.sampled(np.random.default_rng(0))
    assert levelling([row for row in cells if row.arm != "real-only"], draws) == []
    alone = {key: {name: each * np.nan for name, each in its.items()} for key, its in draws.items()}
    assert levelling(cells, alone)[0].flagged is None
    assert "one patient" in levelling(cells, alone)[0].words
    part = [row for row in cells if not (row.stratum == MIDDLE and row.seed == 2)]
    assert "III-IV" not in (levelling(part, draws)[0].better_group, levelling(part, draws)[0].worse_group)


def test_groups_are_named_only_where_every_seed_chose_the_same():
    names = [levelling(*ALIKE.sampled(np.random.default_rng(seed)))[0] for seed in range(10)]
    unlike = [each for each in names if each.better_group is None]
    assert unlike
    assert all("which groups these are differs by seed" in each.words for each in unlike)
    assert all(each.gap_change is not None and each.worse_group is None for each in unlike)


def test_a_loss_must_be_shown_to_be_the_larger_part_and_the_level_is_one_end_of_the_interval():
    half = replace(TONES, gain={(MIXED, BETTER): -0.105, (MIXED, WORSE): 0.1}, noise=0.02)
    found = one(half, 1)
    assert found.gap_hi < 0
    assert found.better_hi < 0
    assert found.flagged is False
    changes = [one(replace(TONES, gain={(MIXED, BETTER): -0.05}), seed) for seed in range(20)]
    assert all(not each.flagged or each.p_adjusted < 0.025 for each in changes)


def test_few_patients_of_one_group_flag_nothing():
    cells, draws = replace(TONES, gain={(MIXED, BETTER): -0.12}).sampled(np.random.default_rng(0))
    kept = {draw_name("patients", BETTER): np.array([7]), draw_name("patients", WORSE): np.array([40])}
    (found,) = levelling(cells, {key: {**its, **kept} for key, its in draws.items()})
    assert found.flagged is None
    assert "7 patients', 10 needed" in found.words


def test_without_draws_less_is_flagged():
    grid = replace(TONES, gain={(MIXED, BETTER): -0.12})
    cells, draws = grid.sampled(np.random.default_rng(0))
    with_draws, without = levelling(cells, draws)[0], levelling(cells)[0]
    assert without.gap_hi - without.gap_lo > with_draws.gap_hi - with_draws.gap_lo


def test_every_column_and_arm_has_its_row():
    strata = {
        "all": 0.8,
        "sex=f": 0.8,
        "sex=m": 0.7,
        "site=a": 0.8,
        "site=b": 0.7,
        "label=mel": 0.5,
        "label=nv": 0.9,
    }
    aimed = ("real+aimed-synthetic", "diffusion", 2.0)
    grid = PlantedGrid(sides=(REAL, MIXED, aimed, ("mixup", None, 0.0)), strata=strata)
    found = levelling(*grid.sampled(np.random.default_rng(0)))
    assert {(each.a, each.column) for each in found} == {
        (arm, column)
        for arm in ("real+synthetic/diffusion", "real+aimed-synthetic/diffusion")
        for column in ("sex", "site")
    }
    only = levelling(*grid.sampled(np.random.default_rng(0)), columns=["sex"])
    assert {each.column for each in only} == {"sex"}


ALIKE = PlantedGrid(strata={f"site={name}": 0.8 for name in "abcdef"}, noise=0.03, patients=0.01)


def flags(grid: PlantedGrid, repeats: int, seed: int) -> int:
    draw = np.random.default_rng(seed)
    return sum(one_flag for _ in range(repeats) for one_flag in [levelling(*grid.sampled(draw))[0].flagged])


def test_groups_chosen_for_their_luck_do_not_seem_to_lose():
    """Six groups served alike: the group of the largest mean over the same seeds would lose when measured again."""
    draw, n = np.random.default_rng(1), 150
    changes = [levelling(*ALIKE.sampled(draw))[0] for _ in range(n)]
    mean = np.mean([each.better_change for each in changes])
    assert abs(mean) < 3.3 * np.std([each.better_change for each in changes]) / n**0.5
    assert wilson(sum(each.flagged for each in changes), n, 0.99).lo <= 0.025


def test_a_group_in_which_the_baseline_was_lucky_with_its_patients_does_not_seem_to_lose():
    """The patients are the same in all seeds, so other seeds do not tell a lucky group; the other arm does."""
    draw, n, grid = np.random.default_rng(2), 200, replace(ALIKE, noise=0.005, patients=0.04, common=0.3)
    changes = [levelling(*grid.sampled(draw, 20))[0].better_change for _ in range(n)]
    assert abs(np.mean(changes)) < 3.3 * np.std(changes) / n**0.5


@pytest.mark.slow
@pytest.mark.parametrize("patients", [0.0, 0.01, 0.04])
@pytest.mark.parametrize("grid", [ALIKE, TONES], ids=["alike", "unlike"])
def test_null_grids_are_rarely_flagged(grid, patients):
    n = 800
    assert wilson(flags(replace(grid, patients=patients), n, round(1000 * patients)), n, 0.99).lo <= 0.025


@pytest.mark.slow
def test_planted_levelling_is_mostly_found_and_a_gap_closed_upwards_mostly_is_not():
    down = replace(TONES, gain={(MIXED, BETTER): -0.1})
    up = replace(TONES, gain={(MIXED, WORSE): 0.1})
    assert flags(down, 300, 1) > 0.8 * 300
    assert wilson(flags(up, 600, 2), 600, 0.99).lo <= 0.025
