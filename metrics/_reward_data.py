"""What a reward model learns from: coded conditions, rated images, and a split of the ratings by image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..core import UserError, did_you_mean, hash_bytes, rng

UNKNOWN = "unknown"
Vocabulary = Mapping[str, Sequence[str]]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Rated:
    """Rated images (N, H, W, 3), the codes of their conditions (N, columns), verdicts 0/1 and weights.

    ``criteria`` (N, K) are the answers to each criterion: 1 yes, 0 no, between where raters differ, NaN not known.
    """

    images: NDArray[np.uint8]
    codes: Codes
    verdicts: NDArray[np.float64]
    weights: NDArray[np.float64]
    criteria: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.verdicts)

    def subset(self, rows: NDArray[np.int64]) -> Rated:
        """Return the given rows."""
        answers = None if self.criteria is None else self.criteria[rows]
        return Rated(self.images[rows], self.codes[rows], self.verdicts[rows], self.weights[rows], answers)

    def shuffled(self, order: NDArray[np.int64]) -> Rated:
        """Return the same images with one another's verdicts and answers."""
        answers = None if self.criteria is None else self.criteria[order]
        return replace(self, verdicts=self.verdicts[order], criteria=answers)

    @property
    def answers(self) -> NDArray[np.float64]:
        """The answers to the criteria (N, K); K is 0 where none are known."""
        return np.zeros((len(self), 0)) if self.criteria is None else self.criteria


@dataclass(frozen=True)
class Real:
    """Real images and the codes of their own conditions: the source of automatic feedback."""

    images: NDArray[np.uint8]
    codes: Codes

    def __len__(self) -> int:
        return len(self.codes)

    def subset(self, rows: NDArray[np.int64]) -> Real:
        """Return the given rows."""
        return Real(self.images[rows], self.codes[rows])


def vocabulary(columns: Sequence[str], *tables: pd.DataFrame | None) -> dict[str, list[str]]:
    """The values of every column in the tables, sorted, without the missing ones; the first column must be there."""
    found: dict[str, list[str]] = {}
    for column in columns:
        given = [table[column] for table in tables if table is not None and column in table.columns]
        if not given:
            raise UserError(
                f"the conditions have no column {column!r}", remedy="add it, or leave it out of columns"
            )
        values = {text for series in given for text in map(_text, series) if text != UNKNOWN}
        found[column] = sorted(values)
    return found


def encode(conditions: pd.DataFrame, words: Vocabulary) -> Codes:
    """Return the codes (N, columns); a missing value or column is 0, a value never seen is a ``UserError``.

    The first column, which says what the image is to show, must be there.
    """
    first = next(iter(words))
    if first not in conditions.columns:
        raise UserError(
            f"the conditions have no column {first!r}",
            remedy=did_you_mean(first, map(str, conditions.columns)),
        )
    codes = np.zeros((len(conditions), len(words)), np.int64)
    for j, (column, values) in enumerate(words.items()):
        if column not in conditions.columns:
            continue
        number = {value: i + 1 for i, value in enumerate(values)} | {UNKNOWN: 0}
        texts = [_text(value) for value in conditions[column]]
        strangers = sorted(set(texts) - set(number))
        if strangers:
            raise UserError(
                f"the reward model never saw {column} {strangers[0]!r}",
                remedy=did_you_mean(strangers[0], values),
            )
        codes[:, j] = [number[text] for text in texts]
    return codes


def rated_images(
    images: NDArray[np.uint8],
    codes: Codes,
    verdicts: ArrayLike,
    weights: ArrayLike | None,
    criteria: NDArray[np.float64] | None = None,
) -> Rated:
    """Check and gather ratings; images without a verdict (NaN) are left out."""
    given = np.asarray(verdicts, np.float64)
    share = np.ones(len(given)) if weights is None else np.asarray(weights, np.float64)
    if not len(images) == len(codes) == len(given) == len(share):
        raise UserError(
            f"{len(images)} images, {len(codes)} conditions, {len(given)} verdicts and {len(share)} weights"
        )
    keep = np.flatnonzero(~np.isnan(given))
    if not len(keep):
        raise UserError("there are no ratings to learn from")
    if not np.isin(given[keep], (0.0, 1.0)).all():
        raise UserError("verdicts must be 0 (implausible) or 1 (plausible)")
    if not np.isfinite(share[keep]).all() or share[keep].min() < 0 or share[keep].sum() == 0:
        raise UserError("the weights of the ratings must be finite, at least 0 and not all 0")
    return Rated(images, codes, given, share, criteria).subset(keep)


def criteria_table(criteria: pd.DataFrame | None, n: int) -> tuple[list[str], NDArray[np.float64] | None]:
    """Return the names of the criteria that anybody answered, and their answers (n, K) in [0, 1] or NaN."""
    if criteria is None:
        return [], None
    if len(criteria) != n:
        raise UserError(f"{n} images but {len(criteria)} rows of answers to the criteria")
    names = [str(column) for column in criteria.columns]
    if len(set(names)) < len(names):
        raise UserError("two criteria have the same name", where=", ".join(names))
    try:
        answers = criteria.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise UserError(
            "answers to criteria must be numbers", remedy="1 for yes, 0 for no, NaN for cannot tell"
        ) from error
    if ((answers < 0) | (answers > 1)).any() or np.isinf(answers).any():
        raise UserError("answers to criteria lie between 0 (no) and 1 (yes); NaN is cannot tell")
    asked = [j for j in range(len(names)) if not np.isnan(answers[:, j]).all()]
    return [names[j] for j in asked], answers[:, asked] if asked else None


def folds(rated: Rated, n_folds: int, seed: int) -> NDArray[np.int64]:
    """Return a fold number for every rating: equal images share one, verdicts are spread evenly."""
    names = np.array([hash_bytes(image.tobytes()) for image in rated.images])
    _, first, image = np.unique(names, return_index=True, return_inverse=True)
    order = rng(seed, "folds").permutation(len(first))
    order = order[np.argsort(rated.verdicts[first][order], kind="stable")]
    fold = np.empty(len(first), np.int64)
    fold[order] = np.arange(len(first)) % n_folds
    return fold[image]


def held_out_real(real: Real, seed: int, *, at_most: int = 300) -> tuple[Real, Real]:
    """Split real images into those to learn from and a fifth to test on."""
    order = rng(seed, "real").permutation(len(real))
    n = min(at_most, len(real) // 5)
    return real.subset(np.sort(order[n:])), real.subset(np.sort(order[:n]))


def _text(value: object) -> str:
    missing = value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))
    return UNKNOWN if missing else str(value)
