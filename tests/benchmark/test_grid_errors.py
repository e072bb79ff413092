"""What an analysis of the grid refuses: training that had not converged, one patient; and seeds that are missing."""

from __future__ import annotations

import numpy as np
from planted_grids import Grid, rows_of, worth_a_fifth

from synmedbench.benchmark._cell_table import CellTable
from synmedbench.benchmark._grid_errors import GridErrors
from synmedbench.benchmark._saturation_rows import saturation_rows
from synmedbench.benchmark._worth_rows import curve_rows, equivalence_rows

GRID = Grid(n_eff=worth_a_fifth, noise=0.02, numbers=(10, 20, 40, 80), ratios=(1.0, 2.0, 4.0), patients=0.003)


def late(row, number: int):
    chosen = row.arm == "real-only" and (row.n_real_train, row.seed) == (number, 2)
    return row.model_copy(update={"reason": "not at its plateau: final training loss 2"}) if chosen else row


def test_a_curve_whose_training_had_not_converged_is_refused():
    rows, draws = rows_of(GRID, np.random.default_rng(0))
    grid = GridErrors(CellTable([late(row, 10) for row in rows], draws))
    (curve,) = curve_rows(grid)
    assert curve.b is None
    assert "not converged in 1 of 20 cells" in curve.reason
    assert all(p.value is not None and p.lo is None for p in curve.points)
    for row in (*equivalence_rows(grid), *saturation_rows(grid)):
        assert "had not converged" in row.reason


def test_a_single_patient_is_told_from_draws_that_were_not_kept():
    rows, draws = rows_of(GRID, np.random.default_rng(0))
    nothing = {key: {"macro_auroc": np.full(51, np.nan)} for key in draws}
    no_interval = [row.model_copy(update={"reason": "no interval: one patient"}) for row in rows]
    for cells, kept in ((rows, nothing), (no_interval, None)):
        grid = GridErrors(CellTable(cells, kept))
        for row in (*curve_rows(grid), *equivalence_rows(grid), *saturation_rows(grid)):
            assert "one patient's" in row.reason
    assert "patients were not redrawn" in curve_rows(GridErrors(CellTable(rows)))[0].words


def test_five_shared_seeds_keep_every_number():
    rows, draws = rows_of(GRID.with_(seeds=6), np.random.default_rng(0))
    gone = [row for row in rows if not (row.arm == "real-only" and row.n_real_train == 40 and row.seed == 3)]
    (curve,) = curve_rows(GridErrors(CellTable(gone, draws)))
    assert [point.n for point in curve.points] == [10, 20, 40, 80]
    assert curve.seeds == 5


def test_few_seeds_claim_no_curve():
    rows, draws = rows_of(GRID.with_(seeds=3), np.random.default_rng(0))
    (curve,) = curve_rows(GridErrors(CellTable(rows, draws)))
    assert "The error falls" not in curve.words


def test_aimed_images_are_not_shared_out_over_classes():
    rows, draws = rows_of(
        GRID, np.random.default_rng(0), metric="recall", stratum="label=a", arm="real+aimed-synthetic"
    )
    found = equivalence_rows(GridErrors(CellTable(rows, draws)))
    assert all(row.ere is None and row.ere_lo is None for row in found)
    assert any(row.n_eff is not None and "not spread evenly" in row.reason for row in found)
    assert not any("was worth 0" in row.words for row in found)
