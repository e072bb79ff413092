"""Moments of features: number, mean and scatter, gathered batch by batch and merged exactly."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ..core import UserError, atomic_file
from ._checks import Features, as_rows

STRETCH = 4096
"""Rows at a time that are brought to float64."""
FORMAT = "synmedbench moments 1"

Array = TypeVar("Array", bound=Any)


@dataclass(frozen=True, eq=False)
class Moments:
    """Number of rows ``n``, their mean (D,) and scatter ``m2 = sum (x - mean)(x - mean)^T`` (D, D), in float64.

    All that the Frechet distance needs of a set, in memory O(D^2) whatever n: shards, workers and strata each
    gather theirs, and :meth:`merge` gives the whole set's up to float64 rounding, in any order.

    Example
    -------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal((100, 3))
    >>> whole = Moments.of(x[:40]).merge(Moments.of(x[40:]))
    >>> whole.n, bool(np.allclose(whole.covariance, np.cov(x.T), rtol=1e-12, atol=1e-12))
    (100, True)
    """

    n: int
    mean: Features
    m2: Features

    @classmethod
    def empty(cls, width: int) -> Moments:
        """Return the moments of no rows of ``width`` columns."""
        return cls(0, np.zeros(width), np.zeros((width, width)))

    @classmethod
    def of(cls, features: ArrayLike, name: str = "features") -> Moments:
        """Return the moments of features (n, D), one row or more; bad features raise :class:`UserError`."""
        rows = as_rows(features, name, least=1)
        whole = cls.empty(rows.shape[1])
        for start in range(0, len(rows), STRETCH):
            whole = whole.merge(_of_stretch(np.asarray(rows[start : start + STRETCH], dtype=np.float64)))
        return whole

    @classmethod
    def from_batches(cls, batches: Iterable[ArrayLike], name: str = "features") -> Moments:
        """Return the moments of all batches (n_i, D); raises for none, or for batches of different widths."""
        whole: Moments | None = None
        for number, batch in enumerate(batches):
            found = cls.of(batch, f"{name}, batch {number}")
            whole = found if whole is None else whole.merge(found)
        if whole is None:
            raise UserError("no batch was given", where=name)
        return whole

    @property
    def width(self) -> int:
        """Return the number of columns, D."""
        return len(self.mean)

    @property
    def covariance(self) -> Features:
        """Return the unbiased covariance (D, D); fewer than two rows have none."""
        if self.n < 2:
            raise UserError(f"{self.n} rows have no covariance, at least 2 needed")
        return np.asarray(self.m2 / (self.n - 1), dtype=np.float64)

    def merge(self, other: Moments) -> Moments:
        """Return the moments of both sets together."""
        if self.width != other.width:
            raise UserError(
                f"moments of {self.width} and of {other.width} columns", remedy="take both from one extractor"
            )
        if not (self.n and other.n):
            return other if other.n else self
        return Moments(*pooled((self.n, self.mean, self.m2), (other.n, other.mean, other.m2)))

    def save(self, path: str | Path) -> None:
        """Write an ``.npz`` file, atomically."""
        with atomic_file(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, format=np.array(FORMAT), n=np.array(self.n), mean=self.mean, m2=self.m2)

    @classmethod
    def load(cls, path: str | Path) -> Moments:
        """Read what :meth:`save` wrote; another or a damaged file raises :class:`UserError`."""
        try:
            with np.load(path, allow_pickle=False) as kept:
                form = str(kept["format"])
                found = cls(int(kept["n"]), kept["mean"], kept["m2"])
        except FileNotFoundError as error:
            raise UserError("there is no such file", where=path) from error
        except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
            raise UserError("not a file of moments", where=path, remedy="gather them again") from error
        found._check(form, path)
        return found

    def _check(self, form: str, path: str | Path) -> None:
        """A file may be whole and yet no moments: wrong shapes, or numbers that no data have."""
        shaped = self.mean.ndim == 1 and self.m2.shape == (self.width, self.width)
        numbers = self.mean.dtype == self.m2.dtype == np.float64
        if form != FORMAT or not shaped or not numbers or self.n < 0:
            raise UserError("not a file of moments", where=path, remedy="gather them again")
        if not (np.isfinite(self.mean).all() and np.isfinite(self.m2).all()):
            raise UserError("moments with NaN or infinity", where=path, remedy="gather them again")


def pooled(first: tuple[Any, Array, Array], second: tuple[Any, Array, Array]) -> tuple[Any, Array, Array]:
    """Return (n, mean, scatter) of two sets together (Chan, Golub and LeVeque 1983), of arrays or of tensors.

    ``mean = m_a + d n_b / n`` and ``M = M_a + M_b + d d^T n_a n_b / n`` with ``d = m_b - m_a``: no sum of
    squares about a far origin, so a large common offset costs no digits. One of the two must have rows.
    """
    (n_a, mean_a, m2_a), (n_b, mean_b, m2_b) = first, second
    n, gap = n_a + n_b, mean_b - mean_a
    return n, mean_a + gap * (n_b / n), m2_a + m2_b + gap[:, None] * gap * (n_a * n_b / n)


def _of_stretch(rows: Features) -> Moments:
    mean = rows.mean(axis=0)
    centred = rows - mean
    rest = centred.mean(axis=0)
    centred -= rest
    return Moments(len(rows), mean + rest, centred.T @ centred)
