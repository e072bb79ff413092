"""A value that the training labels lack: a column that a model gains after training, and requests that bear it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..core import UserError, did_you_mean, rng
from ..imagesets import UNKNOWN, ImageSet
from ._batches import rows_of_step
from ._contracts import Conditions
from ._sampling import conditions_like
from ._vocabulary import Vocabulary, column_values

if TYPE_CHECKING:
    from ._diffusion import Diffusion


@dataclass(frozen=True)
class Concept:
    """A column that no training image bears: its values, and the requests that can bear one.

    ``where`` is what the other columns of such a request must be (empty: any request).
    """

    column: str
    values: tuple[str, ...]
    where: Mapping[str, str]

    def rows(self, table: pd.DataFrame) -> NDArray[np.int64]:
        """Return the numbers of the rows of ``table`` that ``where`` picks; raises ``UserError`` for none."""
        picked = np.ones(len(table), bool)
        for column, wanted in self.where.items():
            if column not in table.columns:
                raise UserError(
                    f"the table has no column {column!r}, by which {self.column!r} is asked for",
                    remedy=did_you_mean(column, map(str, table.columns)),
                )
            picked &= np.array(column_values(table, column), dtype=object) == wanted
        if not picked.any():
            raise UserError(f"no row has {self.words()}, where {self.column!r} is asked for")
        return np.flatnonzero(picked)

    def words(self) -> str:
        """Say which requests bear a value: ``label neutrophil``."""
        return ", ".join(f"{column} {value}" for column, value in self.where.items()) or "anything"


class LateTable(nn.Embedding):
    """Embeddings that start at zero, long after the others; a step of the optimiser moves them ``GAIN`` times as far.

    The other tables began with entries of variance 1; steps of AdamW are as long as the learning rate, so that a few
    hundred steps of finetuning would leave plain entries near zero.
    """

    GAIN = 32.0

    def __init__(self, count: int, width: int) -> None:
        super().__init__(count, width)
        nn.init.zeros_(self.weight)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the embeddings (N, width)."""
        return self.GAIN * super().forward(tokens)


def with_column(model: Diffusion, name: str, values: Sequence[str], where: Mapping[str, str]) -> Diffusion:
    """Return a copy of a fitted model with one more column; its embedding starts at zero."""
    known = model.vocabulary
    assert known is not None
    concept = Concept(name, _checked_values(name, values), _checked_where(known, where))
    if name in known.columns:
        raise UserError(f"the model has a column {name!r} already", remedy="give the new one another name")
    twin = deepcopy(model)
    width = int(twin.network.unet.config["time_embedding_dim"])
    table = LateTable(len(concept.values) + 1, width)
    twin.network.tables.append(table.to(next(twin.network.parameters()).device))
    twin.vocabulary = Vocabulary({**known.values, name: concept.values})
    twin.columns = twin.vocabulary.columns
    twin.concept = concept
    twin.settings = {**model.settings, "columns": list(twin.columns)}
    added = (
        f"The column {name} ({', '.join(concept.values)}) was added after training, for {concept.words()}."
    )
    twin.card = dataclasses.replace(
        model.card,
        columns=twin.columns,
        settings={**model.card.settings, "columns": list(twin.columns)},
        notes=f"{model.card.notes} {added}".strip(),
    )
    return twin


def requests_like(
    model: Diffusion, table: pd.DataFrame, n: int, *, seed: int, balanced: bool = False
) -> Conditions:
    """Return n requests as a model is asked while it is aligned or rated: like the rows of ``table``.

    A model with a concept is asked for rows that its ``where`` picks, for each value equally often (the remainder at
    random); what ``table`` says of the concept's column is not looked at. Other models: ``conditions_like``.

    >>> from types import SimpleNamespace
    >>> model = SimpleNamespace(columns=("label", "age"), concept=Concept("age", ("old", "young"), {"label": "a"}))
    >>> sorted(requests_like(model, pd.DataFrame({"label": ["a", "b"]}), 4, seed=0).table["age"])
    ['old', 'old', 'young', 'young']
    """
    concept = model.concept
    if concept is None:
        return conditions_like(table, n, model.columns, seed=seed, balanced=balanced)
    picked = table.iloc[concept.rows(table)].reset_index(drop=True)
    others = [column for column in model.columns if column != concept.column and _told(picked, column)]
    asked = conditions_like(picked, n, others, seed=seed, balanced=balanced).table
    draw = rng(seed, "concept")
    rounds = [draw.permutation(len(concept.values)) for _ in range(-(-n // len(concept.values)))]
    values = np.array(concept.values, dtype=object)[np.concatenate(rounds)[:n]]
    return Conditions(asked.assign(**{concept.column: values}))


@dataclass(frozen=True)
class Requests:
    """What a method may ask its model for: rows of conditions and their tokens (N, columns)."""

    table: pd.DataFrame
    tokens: NDArray[np.int64]

    def draw(self, seed: int, step: int, n: int) -> tuple[Tensor, pd.DataFrame]:
        """Return the tokens (n, columns) and conditions of step t: epochs of shuffled requests, one after another."""
        rows = rows_of_step(len(self.table), seed, step, n)
        return torch.from_numpy(self.tokens[rows]), self.table.iloc[rows].reset_index(drop=True)


def requests_of(model: Diffusion, train: ImageSet) -> Requests:
    """Return all requests that are like the training images; with a concept, each that it can bear by each value."""
    assert model.vocabulary is not None
    table, concept = train.table, model.concept
    if "skin_tone" in table.columns:
        table = table.assign(skin_tone=column_values(table, "skin_tone"))
    if concept is not None:
        picked = table.iloc[concept.rows(table)]
        parts = [picked.assign(**{concept.column: value}) for value in concept.values]
        table = pd.concat(parts, ignore_index=True)
    return Requests(table, model.vocabulary.encode(table))


def _told(table: pd.DataFrame, column: str) -> bool:
    return column in table.columns and any(value != UNKNOWN for value in column_values(table, column))


def _checked_values(name: str, values: Sequence[str]) -> tuple[str, ...]:
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        raise UserError(f"the values of {name!r} must be a list of texts, got {values!r}")
    if len(values) < 2:
        raise UserError(
            f"the column {name!r} needs two values or more, got {list(values)}",
            remedy="one value alone cannot be told from its absence",
        )
    if len(set(values)) < len(values) or UNKNOWN in values or not all(value.strip() for value in values):
        raise UserError(
            f"the values of {name!r} must differ, none empty and none called {UNKNOWN!r}: {list(values)}"
        )
    if not name.strip() or column_values(pd.DataFrame({name: list(values)}), name) != list(values):
        raise UserError(f"a column {name!r} cannot have the values {', '.join(values)}")
    return tuple(values)


def _checked_where(known: Vocabulary, where: Mapping[str, str]) -> dict[str, str]:
    for column, value in where.items():
        if column not in known.columns:
            raise UserError(
                f"where: the model has no column {column!r}", remedy=did_you_mean(str(column), known.columns)
            )
        if value not in known.values[column]:
            raise UserError(
                f"where: the model knows no {column} {value!r}",
                remedy=did_you_mean(str(value), known.values[column]),
            )
    return dict(where)
