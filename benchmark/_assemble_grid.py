"""From the finished cells to the record: rows, draws, predictions, and what they were analysed for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._cell_key import CellKey
from ._cell_training import CHOSEN, FASTEST
from ._graph import Graph
from ._recipe import Recipe
from ._record import CellRow, Claim, Memorisation, ScoreRow
from ._record_augmentation import Augmentation, Speed, Tuning
from ._work_cells import CELL
from ._work_leakage import found_leakage

Arrays = dict[str, NDArray[Any]]


class FinishedCells:
    """What the cells of a run left behind."""

    def __init__(self, graph: Graph, cache: Path) -> None:
        self.graph, self.cache = graph, cache
        self.rows: list[CellRow] = []
        self._files: dict[CellKey, tuple[Path, str]] = {}
        for key, stage in graph.cells.items():
            self._take(key, stage.folder(cache))

    def _take(self, key: CellKey, folder: Path) -> None:
        note = _note(folder / CELL)
        self.rows += [CellRow(**row) for row in note.get("rows", [])]
        for number, name in enumerate(note.get("test_sets", [])):
            tested = CellKey(
                key.arm, key.generator, key.n_real, key.ratio, key.classifier, key.seed, test_set=name
            )
            self._files[tested] = (folder, f"-{number}" if number else "")

    @cached_property
    def draws(self) -> dict[CellKey, Arrays]:
        """The bootstrap draws of every finished cell and test set."""
        return {key: _arrays(folder / f"replicates{end}.npz") for key, (folder, end) in self._files.items()}

    def predictions(self) -> Mapping[CellKey, tuple[NDArray[np.float32], NDArray[np.int16]]]:
        """Probabilities and class numbers of every finished cell's test images, read when asked for."""
        return _Predictions(self._files)

    def tunings(self) -> list[Tuning]:
        """What was chosen for the real-only arm."""
        found = []
        for (classifier, n_real, seed, test_set), stage in self.graph.tunings.items():
            note = _note(stage.folder(self.cache) / CHOSEN)
            if note:
                found.append(
                    Tuning(
                        classifier=classifier,
                        n_real_train=n_real,
                        seed=seed,
                        test_set=test_set,
                        tried=note["tried"],
                        chosen=note["chosen"],
                        n_val=note.get("n_val"),
                        words=_tuning_words(note),
                    )
                )
        return found

    def speeds(self) -> list[Speed]:
        """Which precision and memory layout trained fastest."""
        notes = {name: _note(stage.folder(self.cache) / FASTEST) for name, stage in self.graph.speeds.items()}
        return [_speed(name, note) for name, note in notes.items() if note]


class _Predictions(Mapping[CellKey, tuple[NDArray[np.float32], NDArray[np.int16]]]):
    def __init__(self, files: Mapping[CellKey, tuple[Path, str]]) -> None:
        self._files = files

    def __getitem__(self, key: CellKey) -> tuple[NDArray[np.float32], NDArray[np.int16]]:
        folder, end = self._files[key]
        kept = _arrays(folder / f"predictions{end}.npz")
        return kept["probabilities"], kept["labels"]

    def __iter__(self) -> Iterator[CellKey]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def augmentation(
    recipe: Recipe,
    finished: FinishedCells,
    claims: Sequence[Claim],
    scores: Sequence[ScoreRow],
    memorisation: Sequence[Memorisation],
) -> Augmentation | None:
    """All that the grid was analysed for; None for a run without one."""
    if recipe.classifiers is None or not finished.rows:
        return None
    from ._augmentation import analyse

    found = analyse(
        finished.rows,
        finished.draws,
        finished.predictions(),
        recipe.classifiers,
        recipe.claims,
        scores,
        memorisation,
        ledger={claim.id: claim.p_adjusted for claim in claims if claim.p_adjusted is not None},
    )
    return found.model_copy(
        update={
            "leakage": list(found_leakage(finished.graph.stages, finished.cache)),
            "tuning": finished.tunings(),
            "speed": finished.speeds(),
        }
    )


def _tuning_words(note: Mapping[str, Any]) -> str:
    if not note["tried"]:
        return "as it was given, not tuned: the classifier names no settings to try"
    words = ", ".join(f"{name} {value}" for name, value in note["chosen"].items()) or "as it was"
    broken = sum(row["val_log_loss"] is None for row in note["tried"])
    words += f"; {broken} of {len(note['tried'])} settings could not be trained" if broken else ""
    return words + ("; training had not come to its plateau" if note["plateau"] is False else "")


def _speed(name: str, note: Mapping[str, Any]) -> Speed:
    layout = "channels last" if note["channels_last"] else "channels first"
    return Speed(
        classifier=name,
        precision=note["precision"],
        channels_last=note["channels_last"],
        seconds_per_step=note["seconds_per_step"],
        words=f"{note['precision']}, {layout}, trained fastest on this machine",
    )


def _arrays(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as kept:
        return {name: kept[name] for name in kept.files}


def _note(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
