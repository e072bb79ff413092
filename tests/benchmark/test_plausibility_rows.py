"""Plausibility against gain: the claimed direction, and generators compared at the same places of the grid."""

from __future__ import annotations

import numpy as np
import pytest

from synmedbench.benchmark import CellRow, ScoreRow
from synmedbench.benchmark._cell_table import CellTable
from synmedbench.benchmark._grid_errors import GridErrors
from synmedbench.benchmark._plausibility_rows import plausibility_rows

NAMES = [f"g{k}" for k in range(9)]


def grid_of(slope: float, more: tuple[str, float, float] | None = None) -> GridErrors:
    """Generators of rising plausibility; ``more``: one of them has a further ratio, with a gain of its own."""
    draw = np.random.default_rng(0)
    rows = []
    for label in "xy":
        for seed in range(5):
            for name, ratio, gain in [
                (None, 0.0, 0.0),
                *((name, 2.0, 0.1 * slope * k) for k, name in enumerate(NAMES)),
                *([more] if more else []),
            ]:
                arm = "real-only" if name is None else "real+synthetic"
                value = 0.5 + gain + draw.normal(0, 0.002)
                rows.append(
                    CellRow(arm=arm, generator=name, n_real_train=8, ratio=ratio, classifier="c", seed=seed,
                            n_test=99, metric="recall", stratum=f"label={label}", value=value)
                )  # fmt: skip
    return GridErrors(CellTable(rows))


def scores(metric: str = "plausible_share", extractor: str = "H", sign: int = 1) -> list[ScoreRow]:
    return [
        ScoreRow(
            generator=name, imageset="i", extractor=extractor, metric=metric, seed=0, value=5 + sign * 0.1 * k
        )
        for k, name in enumerate(NAMES)
    ]


@pytest.mark.parametrize(
    ("measure", "slope", "verdict", "said"),
    [
        (scores(), 0.1, "shown", "higher plausible_share by H bring more"),
        (scores(), -0.1, "not shown", "the opposite"),
        (scores("frechet_distance", "e", -1), 0.1, "shown", "lower frechet_distance bring more"),
        (scores("frechet_distance", "e"), 0.1, "not shown", "the opposite"),
    ],
)
def test_shown_is_said_in_the_claimed_direction_alone(measure, slope, verdict, said):
    (row,) = plausibility_rows(grid_of(slope), measure)
    assert row.verdict == verdict
    assert said in row.words
    assert np.sign(row.slope) == np.sign(slope) * np.sign(measure[-1].value - measure[0].value)


def test_generators_are_compared_at_the_ratios_that_all_have():
    (row,) = plausibility_rows(grid_of(0.1, more=("g0", 50.0, 0.4)), scores())
    own = [point["gain"] for point in row.points if point["generator"] == "g0"]
    assert max(own) < 0.02


def test_classes_and_overall_are_not_mixed():
    by_class = [row.model_copy(update={"stratum": "label=x", "value": 99.0}) for row in scores()[:3]]
    (row,) = plausibility_rows(grid_of(0.1), scores() + by_class)
    assert row.n_generators == 9
    assert all(point["measure"] < 10 for point in row.points)


def test_p_is_adjusted_over_the_measures():
    found = plausibility_rows(grid_of(0.1), scores() + scores("plausible_mean"))
    assert [row.verdict for row in found] == ["shown", "shown"]
    assert "p after Holm" in found[0].words
