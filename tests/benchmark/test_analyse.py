"""From the rows of a grid to the analysis in a record."""

from __future__ import annotations

import numpy as np
import pytest
from planted_grids import Grid, rows_of, saturates_at_ten

from synmedbench.benchmark import Augmentation, CellRow, Memorisation, ScoreRow, analyse
from synmedbench.core import wilson

GRID = Grid(
    n_eff=saturates_at_ten,
    noise=0.02,
    patients=0.003,
    numbers=(10, 20, 40, 80),
    ratios=(1.0, 5.0, 10.0, 30.0),
)


@pytest.fixture(scope="module")
def found() -> Augmentation:
    return analyse(*rows_of(GRID, np.random.default_rng(0)))


def test_every_part_is_there(found):
    assert found == Augmentation.model_validate_json(found.model_dump_json())
    assert len(found.curves) == 1
    assert len(found.equivalences) == 16
    assert [row.n_real_train for row in found.saturation] == [10, 20, 40, 80]
    assert {row.factor for row in found.variance} == {"n_real", "arm", "ratio", "seed", "rest"}


def test_points_of_the_curve_are_errors(found):
    curve = found.curves[0]
    assert [point.n for point in curve.points] == [10, 20, 40, 80]
    assert curve.points[0].value == pytest.approx(GRID.error(10), abs=0.02)
    assert curve.points[0].lo < curve.points[0].value < curve.points[0].hi


def test_planted_worth_is_read(found):
    row = next(row for row in found.equivalences if (row.n_real_train, row.ratio) == (10, 10.0))
    assert row.synthetic == 100
    assert row.ere_lo < 0.2 < row.ere_hi
    assert "each synthetic image was worth" in row.words


def test_saturated_is_said_only_after_the_test(found):
    assert all(
        (row.equivalent_beyond is True) == ("; saturated:" in row.words)
        for row in found.saturation
        if row.chosen == "saturating"
    )


def test_three_seeds_claim_nothing():
    found = analyse(*rows_of(GRID.with_(seeds=3), np.random.default_rng(0)))
    assert all(row.n_eff is None and "3 seeds, 5 needed" in row.reason for row in found.equivalences)
    assert all(row.chosen is None and row.reason for row in found.saturation)
    assert all(row.lo is None for row in found.variance)
    assert found.curves[0].b_lo is None
    one = analyse(*rows_of(GRID.with_(seeds=1), np.random.default_rng(0)))
    assert "1 seed" in one.curves[0].reason


def test_missing_cells_and_nulls_are_left_out_and_named():
    rows, draws = rows_of(GRID, np.random.default_rng(0))
    gone = [row for row in rows if not (row.arm == "real-only" and row.n_real_train == 40 and row.seed == 3)]
    found = analyse(gone, draws)
    assert [point.n for point in found.curves[0].points] == [10, 20, 80]
    assert "seeds are missing: 40 real images" in found.curves[0].reason
    assert "seeds are missing: 40 real images" in found.curves[0].words
    row = next(row for row in found.saturation if row.n_real_train == 40)
    assert "lack seeds" in row.reason
    nulls = [row.model_copy(update={"value": None, "reason": "not enough data"}) for row in rows]
    assert analyse(nulls, draws).curves == []


def test_without_draws_the_words_say_so():
    rows, _ = rows_of(GRID, np.random.default_rng(0))
    assert all(
        "patients were not redrawn" in row.words for row in analyse(rows).equivalences if row.reason is None
    )


def test_classes_and_groups_with_names_of_any_script():
    rows, draws = rows_of(GRID, np.random.default_rng(0), metric="recall", stratum="label=Köhler = ü")
    assert {row.stratum for row in analyse(rows, draws).equivalences} == {"label=Köhler = ü"}
    rows, draws = rows_of(GRID, np.random.default_rng(0), stratum="gap:sex")
    assert analyse(rows, draws).curves == []


def alone(draw, seeds: int = 6, kept: float = 0.6) -> list[CellRow]:
    """Real images alone at an AUROC of .9, synthetic images alone at what is kept of it above chance."""
    shift = draw.normal(0, 0.01, seeds)
    return [
        CellRow(arm=arm, generator=name, n_real_train=10, ratio=ratio, classifier="small", seed=s, n_test=800,
                metric="macro_auroc", value=0.5 + 0.4 * share + shift[s] + draw.normal(0, 0.01))
        for arm, name, ratio, share in (("real-only", None, 0.0, 1.0), ("synthetic-only", "copy", 10.0, kept))
        for s in range(seeds)
    ]  # fmt: skip


def test_sharing_reads_what_is_kept_beside_what_is_copied():
    memory = [
        Memorisation(
            generator="copy", seed=s, memorising=s == 0, copy_share=0.1 + 0.01 * s, lo=0.05, hi=0.2, words=""
        )
        for s in range(6)
    ]
    row = analyse(alone(np.random.default_rng(0)), memorisation=memory).sharing[0]
    assert row.kept_lo < 0.6 < row.kept_hi
    assert row.memorising is True
    assert row.copy_lo < 0.125 < row.copy_hi
    bare = analyse(alone(np.random.default_rng(0))).sharing[0]
    assert (bare.memorising, bare.copy_share) == (None, None)
    assert analyse(alone(np.random.default_rng(0), 3)).sharing[0].kept is None


def test_what_is_kept_is_covered():
    draw = np.random.default_rng(1)
    rows = [analyse(alone(draw)).sharing[0] for _ in range(60)]
    hits = sum((row.kept_lo or -9) <= 0.6 <= (row.kept_hi or 9) for row in rows)
    assert wilson(hits, 60, 0.99).hi >= 0.95


def test_few_generators_cannot_be_known():
    rows, draws = rows_of(GRID, np.random.default_rng(0), metric="recall", stratum="label=a")
    scores = [ScoreRow(generator="diffusion", imageset="x", extractor="H", metric="plausible_share", seed=s, value=0.5)
              for s in range(5)]  # fmt: skip
    row = analyse(rows, draws, scores=scores).plausibility[0]
    assert row.verdict == "cannot be known from these data"
    assert "1 generators, 8 needed" in row.words
    assert row.slope is None
