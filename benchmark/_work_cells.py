"""One cell: a classifier trained on one arm, scaled on real validation images, tested on real test images."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from ..classifiers import ArmRows, fit_temperature, measures_and_draws, uniform_loss
from ..core import UserError
from ..imagesets import group_numbers
from ._cell_data import CellData, cell_data, lacking, shelved, split_rows, strata_of, training_rows
from ._cell_rows import absent_rows, measured_rows, null_rows
from ._cell_table import OFF_PLATEAU, patient_counts
from ._cell_training import Logits, Trained, rows_of_arm, trained
from ._grid import TEST
from ._stage import Work
from ._work_data import group_of

CELL = "cell.json"


def train_cell(work: Work) -> None:
    """Train and test; the same subset and initial weights for every arm of a seed, steps equal across arms.

    Keeps, for every test set, the measures (``cell.json``), their bootstrap draws over test patients
    (``replicates.npz``) and the probabilities (``predictions.npz``).
    """
    lack = _lacking(work)
    if lack:
        rows = [row for name, n in _test_sizes(work) for row in null_rows(work.config, n, lack, name)]
        _keep_note(work.out, {"rows": rows, "test_sets": [], "lacking": lack})
        return
    data = cell_data(work.inputs["data"], work.config, work.seed)
    try:
        arm = rows_of_arm(work, data)
    except UserError as error:
        rows = null_rows(work.config, len(data.test), f"not enough data: {error}")
        _keep_note(work.out, {"rows": rows, "test_sets": [], "lacking": str(error)})
        return
    fitted = trained(work, data, arm)
    temperature = _temperature(work, fitted, data)
    tests = [*_own_test(fitted, data, work), *_external_tests(fitted, work)]
    rows = [row for number, test in enumerate(tests) for row in _tested(work, test, temperature, number)]
    plateau = bool(fitted.final_loss < _guess(work, arm, fitted))
    mark = _mark(fitted, plateau)
    if mark:
        rows = [{**row, "reason": row["reason"] or mark} for row in rows]
    note = {
        "rows": rows,
        "test_sets": [test.name for test in tests],
        "final_loss": float(fitted.final_loss),
        "plateau": plateau,
        "ended": fitted.ended,
        "temperature": temperature,
        "n_train": len(arm),
        "n_val": len(data.val),
    }
    _keep_note(work.out, note)


def _guess(work: Work, arm: ArmRows, fitted: Trained) -> float:
    """The training loss of a uniform guess; a whole network's is weighed, a head's is the mean by weight."""
    weight = 1.0 if fitted.features else float(np.mean(arm.weights))
    return uniform_loss(len(work.config["classes"]), arm.loss) * weight


def _mark(fitted: Trained, plateau: bool) -> str | None:
    """Why the cell's training cannot be relied on, or None; a classifier that does not tell of its end passes."""
    if not plateau:
        return f"{OFF_PLATEAU}: final training loss {fitted.final_loss:.2f}, a uniform guess has less"
    if fitted.ended is False:
        how = "the loss still fell" if fitted.features is None else "the head's search had not settled"
        return f"{OFF_PLATEAU}: training had not come to an end, {how}"
    return None


@dataclass(frozen=True)
class TestSet:
    """Images that a trained classifier is tested on."""

    name: str
    logits: Logits
    labels: Sequence[str]
    strata: Mapping[str, NDArray[np.str_]]
    groups: NDArray[np.int64]
    absent: list[dict[str, Any]]
    """Null rows of the values of columns that none of the images has."""


def _lacking(work: Work) -> str | None:
    name, n = next(_test_sizes(work))
    if not n:
        return (
            f"not enough data: 0 test images of {name}" if name != TEST else "not enough data: 0 test images"
        )
    rows = training_rows(work.inputs["data"], work.config.get("left_out"))
    labels = shelved(work.inputs["data"]).table["label"].to_numpy()[rows].tolist()
    return lacking(labels, work.config["classes"], work.config["n_real"])


def _test_sizes(work: Work) -> Iterator[tuple[str, int]]:
    rows = split_rows(work.inputs["data"], "test")
    left_out = work.config.get("left_out")
    if left_out:
        rows = rows[strata_of(work.inputs["data"], left_out[0])[rows] == left_out[1]]
    yield work.config.get("test_set", TEST), len(rows)
    for name in work.config.get("external", []):
        yield f"external:{name}", len(shelved(work.inputs[f"external-{name}"]))


def _temperature(work: Work, fitted: Trained, data: CellData) -> float | None:
    """Fitted on real validation images, the same for every arm; None where there are none."""
    if not len(data.val):
        return None
    names = list(work.config["classes"])
    targets = np.array([names.index(label) for label in data.labels(data.val)], dtype=np.int64)
    return float(fit_temperature(fitted.logits(work, "data", data.val), targets))


def _own_test(fitted: Trained, data: CellData, work: Work) -> Iterator[TestSet]:
    folder, config = work.inputs["data"], work.config
    left_out = config.get("left_out")
    strata = {column: strata_of(folder, column)[data.test] for column in config["strata"]}
    known = {column: sorted(set(strata_of(folder, column).tolist())) for column in config["strata"]}
    absent = [] if left_out else absent_rows(config, known, strata)
    logits = fitted.logits(work, "data", data.test)
    name = config.get("test_set", TEST)
    yield TestSet(name, logits, data.labels(data.test), strata, data.patients(data.test), absent)


def _external_tests(fitted: Trained, work: Work) -> Iterator[TestSet]:
    for name in work.config.get("external", []):
        need = f"external-{name}"
        images = shelved(work.inputs[need])
        rows = np.arange(len(images), dtype=np.int64)
        has = [column for column in work.config["strata"] if column in images.table.columns]
        yield TestSet(
            f"external:{name}",
            fitted.logits(work, need, rows),
            [str(label) for label in images.table["label"]],
            {column: strata_of(work.inputs[need], column) for column in has},
            np.asarray(group_numbers(images, group_of(images))),
            [],
        )


def _tested(work: Work, test: TestSet, temperature: float | None, number: int) -> list[dict[str, Any]]:
    """Measure one test set, and keep the draws and the probabilities."""
    classes = work.config["classes"]
    probabilities = softmax(test.logits, axis=1)
    scaled = None if temperature is None else softmax(test.logits / temperature, axis=1)
    found, draws = measures_and_draws(
        probabilities,
        test.labels,
        classes,
        strata=test.strata,
        groups=test.groups,
        min_n=work.config["min_stratum"],
        scaled=scaled,
    )
    ending = f"-{number}" if number else ""
    arrays: dict[str, Any] = {**draws, **patient_counts(test.groups, test.strata)}
    np.savez(work.out / f"replicates{ending}.npz", **arrays)
    targets = np.array([classes.index(label) for label in test.labels], dtype=np.int16)
    kept = probabilities.astype(np.float32)
    np.savez(work.out / f"predictions{ending}.npz", probabilities=kept, labels=targets)
    return measured_rows(found, work.config, test.name) + test.absent


def _keep_note(out: Path, note: Mapping[str, Any]) -> None:
    (out / CELL).write_text(json.dumps(note), encoding="utf-8")
