"""Sharing without patients: what is not known is said, of chance, of closed-set generators and beyond what is tried."""

from __future__ import annotations

import numpy as np

from synmedbench.benchmark import CellRow, Memorisation
from synmedbench.benchmark._cell_table import CellTable
from synmedbench.benchmark._grid_errors import GridErrors
from synmedbench.benchmark._seed_spread import spread_of
from synmedbench.benchmark._sharing import _not_rejected, sharing_rows


def grid_of(metric: str = "macro_auroc", recalls: int = 0, generator: str = "copy", **more) -> GridErrors:
    """Synthetic images alone keep .6 of the utility; ``recalls``: classes whose recall is in the last cells alone."""
    draw = np.random.default_rng(0)
    rows = []
    for arm, name, ratio, value in (("real-only", None, 0.0, 0.9), ("synthetic-only", generator, 10.0, 0.74)):
        for seed in range(6):
            fixed = {"arm": arm, "generator": name, "n_real_train": 10, "ratio": ratio, "classifier": "c"}
            fixed |= {
                "seed": seed,
                "n_test": 99,
                "open_set": None if name is None else not name.endswith("-closed"),
            }
            rows.append(CellRow(**fixed, metric=metric, value=value + draw.normal(0, 0.01), **more))
            if name:
                rows += [
                    CellRow(**fixed, metric="recall", stratum=f"label={k}", value=0.5) for k in range(recalls)
                ]
    return GridErrors(CellTable(rows))


def test_chance_is_known_from_any_cell_or_not_at_all():
    (row,) = sharing_rows(grid_of("balanced_accuracy", recalls=4), [])
    assert abs(row.kept - (0.74 - 0.25) / (0.9 - 0.25)) < 0.03
    (row,) = sharing_rows(grid_of("balanced_accuracy"), [])
    assert row.kept is None
    assert "What a guess does is not known" in row.words


def test_a_closed_set_generator_is_not_matched_to_another_ones_memory():
    memory = [Memorisation(generator="copy", seed=0, memorising=False, copy_share=0.0, words="")]
    (row,) = sharing_rows(grid_of(generator="copy-closed"), memory)
    assert row.memorising is None
    assert "closed-set generator is fitted anew" in row.words


def test_training_that_had_not_converged_keeps_nothing():
    (row,) = sharing_rows(grid_of(reason="not at its plateau: loss 2"), [])
    assert row.kept is None
    assert "had not converged" in row.words


def test_patients_that_were_not_redrawn_are_told():
    assert "patients were not redrawn" in sharing_rows(grid_of(), [])[0].words


def test_beyond_the_shares_that_are_tried_there_is_no_bound():
    above = np.array([[0.1, 0.5], [0.1001, 0.5], [0.1, 0.5001], [0.1, 0.5], [0.1, 0.5]])
    assert _not_rejected(spread_of(above), 5.0) == (None, None)
    lo, hi = _not_rejected(spread_of(above * [1.0, 0.1]), 0.5012)
    assert lo < hi
