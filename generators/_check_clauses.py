"""The clauses that rest on a fitted generator's images."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import UserError, rng
from ..imagesets import fit_square
from ._battery import Battery, Outcome
from ._contracts import Conditions
from ._vocabulary import column_values

MOST_LEVELS, MEAN_LEVELS = 2, 0.2
"""How far the same image may differ between batch sizes: at most, and on average, in grey levels."""


def images_as_asked(battery: Battery) -> bool:
    """One (H, W, 3) uint8 image for each index, not all of one grey."""

    def test() -> Outcome:
        images = battery.images(battery.all_rows)
        flat = bool((images == images[:, :1, :1, :1]).all())
        shown = f"{len(images)} images of {images.shape[1]} x {images.shape[2]}, uint8"
        return not flat, shown + (", each of one grey" if flat else "")

    return battery.check(
        "images", "Yield (B, H, W, 3) uint8 arrays in 0..255, one image for each index, in their order.", test
    )


def _repeatable(battery: Battery) -> None:
    def test() -> Outcome:
        state = np.random.get_state()
        try:
            np.random.seed(1)
            first = battery.images(battery.some_rows)
            np.random.seed(2)
            again = battery.images(battery.some_rows)
        finally:
            np.random.set_state(state)
        same = bool((first == again).all())
        return (
            same,
            "two calls give the same bytes" if same else f"up to {_gap(first, again)[0]} grey levels apart",
        )

    battery.check("repeatable", "Draw everything from rng(seed, i), never from a global generator.", test)


def _seed(battery: Battery) -> None:
    """Not asked of reference arms and of given images, which have few to choose from."""
    if getattr(battery.generator.card, "kind", "generator") == "reference" or hasattr(
        battery.generator, "in_order"
    ):
        return

    def test() -> Outcome:
        one, two = (battery.images(battery.some_rows, seed=battery.seed + k) for k in (0, 1))
        differ = sum(bool((a != b).any()) for a, b in zip(one, two, strict=True))
        return differ > 0, f"{differ} of {len(one)} images change with the seed"

    battery.check("seed", "Use the seed that sample is given: another seed must give other images.", test)


def _position(battery: Battery) -> None:
    shuffled = [int(row) for row in rng(battery.seed, "position").permutation(battery.all_rows)]
    shuffled = shuffled[: 2 * battery.batch_size]

    def test() -> Outcome:
        return _close(battery.images(battery.all_rows)[shuffled], battery.images(shuffled))

    battery.check(
        "position",
        "Image i may depend on (seed, i) and row i of the conditions alone, not on its neighbours.",
        test,
    )


def _batch_size(battery: Battery) -> None:
    def test() -> Outcome:
        return _close(battery.images(battery.some_rows), battery.images(battery.some_rows, batch_size=3))

    battery.check(
        "batch size",
        "Keep batch statistics out of sampling (eval mode), and draw noise per index, not per batch.",
        test,
    )


def _card_after_fit(battery: Battery) -> None:
    def test() -> Outcome:
        card = battery.generator.card
        missing = [column for column in card.columns if column not in battery.train.table.columns]
        if missing:
            return False, f"the card claims the column {missing[0]!r}, which the training images lack"
        trained = getattr(card, "trained_on", "nothing")
        learns = getattr(card, "kind", "generator") != "reference" and not hasattr(
            battery.generator, "in_order"
        )
        return not learns or trained != "nothing", f"trained on {trained}"

    battery.check(
        "card after fit",
        "State columns that the training images have, and in fit set trained_on to train.content_hash.",
        test,
    )


def _honours(battery: Battery) -> None:
    real = _thumbnails(battery.train.images())
    for column in battery.conditions.table.columns:
        if column in battery.generator.card.columns and battery.conditions.table[column].nunique() > 1:
            battery.check(
                f"honours {column}",
                f"Make image i show what row i of the conditions says in {column!r}, and train long enough.",
                partial(_probe, battery, column, real),
            )


def _probe(battery: Battery, column: str, real: NDArray[np.float64]) -> Outcome:
    """Images asked for as *a* must be nearer to real *a* than to others, more often than by chance."""
    held = np.array(column_values(battery.train.table, column), dtype=object)
    asked = np.array(column_values(battery.conditions.table, column), dtype=object)
    made = _thumbnails(battery.images(battery.all_rows))
    right = float((_nearest(real, held, made) == asked).mean())
    ceiling = float((_nearest(real, held, real, leave_out=True) == held).mean())
    chance = 1.0 / len(set(asked))
    clear = ceiling > chance + 0.1
    detail = f"a nearest-neighbour probe names the requested value for {right:.0%}"
    detail += f" (real images {ceiling:.0%}, chance {chance:.0%})" + ("" if clear else ": too weak to judge")
    return not clear or right > chance + 0.25 * (ceiling - chance), detail


def _unknown_label(battery: Battery) -> None:
    if "label" not in battery.generator.card.columns or "label" not in battery.conditions.table.columns:
        return
    asked = Conditions(battery.conditions.table.iloc[:2].assign(label="no such label"))

    def test() -> Outcome:
        try:
            list(battery.generator.sample(asked, indices=[0, 1], seed=battery.seed, batch_size=2))
        except UserError as error:
            return "no such label" in str(error), f"says: {error}"
        return False, "an unknown label gave images all the same"

    battery.check(
        "unknown label", "Raise UserError with the label's name where it was not in the training set.", test
    )


def _saved(battery: Battery) -> None:
    kind = type(battery.generator)
    if not callable(getattr(battery.generator, "save", None)) or not callable(getattr(kind, "load", None)):
        return
    rows = battery.all_rows[: battery.batch_size]

    def test() -> Outcome:
        with tempfile.TemporaryDirectory() as folder:
            battery.generator.save(Path(folder) / "model")
            size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
            again = battery.images(rows, generator=kind.load(Path(folder) / "model"))
        same = bool((again == battery.images(rows)).all())
        return same, f"{size / 1e6:.1f} MB, {'the same' if same else 'other'} images after loading"

    battery.check(
        "save and load", "load(folder) must restore all that sample needs, averaged weights too.", test
    )


def _speed(battery: Battery) -> None:
    def test() -> Outcome:
        start = time.perf_counter()
        battery.images(battery.all_rows)
        each = (time.perf_counter() - start) / len(battery.all_rows)
        unit = 2**20 if sys.platform == "darwin" else 2**10
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
        return True, f"{each * 1000:.1f} ms an image; peak memory of this process {peak:,.0f} MB"

    battery.check("speed", "", test)


CLAUSES: tuple[Callable[[Battery], None], ...] = (
    _repeatable, _seed, _position, _batch_size, _card_after_fit, _honours, _unknown_label, _saved, _speed,
)  # fmt: skip


def _gap(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> tuple[int, float]:
    apart = np.abs(a.astype(np.int16) - b.astype(np.int16))
    return int(apart.max()), float(apart.mean())


def _close(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Outcome:
    most, mean = _gap(a, b)
    detail = (
        f"at most {most} grey levels apart, {mean:.3f} on average (allowed {MOST_LEVELS} and {MEAN_LEVELS})"
    )
    return most <= MOST_LEVELS and mean < MEAN_LEVELS, detail


def _thumbnails(images: NDArray[np.uint8], side: int = 8) -> NDArray[np.float64]:
    return np.stack([fit_square(image, side).astype(np.float64).ravel() for image in images])


def _nearest(
    real: NDArray[np.float64], values: NDArray[Any], images: NDArray[np.float64], leave_out: bool = False
) -> NDArray[Any]:
    apart = (images**2).sum(1)[:, None] - 2 * images @ real.T + (real**2).sum(1)[None, :]
    if leave_out:
        np.fill_diagonal(apart, np.inf)
    return np.asarray(values[apart.argmin(1)])
