"""``check_generator``: the contract's battery, with one sentence of advice for each failure."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import UserError, rng, silent
from ..imagesets import ImageSet, Source
from ._battery import Battery, Check, Outcome
from ._check_clauses import CLAUSES, images_as_asked
from ._contracts import Conditions
from ._from_images import matching_columns
from ._sampling import conditions_like


def check_generator(
    generator: Any, images: ImageSet, *, seed: int = 0, n: int = 24, batch_size: int = 8
) -> list[Check]:
    """Fit the generator on three quarters of ``images``, sample ``n`` images in several ways, and report.

    Any object may be given, plug-ins included: what does not keep the contract is reported, not raised. When
    the card, the fit or the first images fail, the checks that rest on them are left out. ``images`` should
    have at least 8 images a class; without a label that is a ``UserError``. How good they look is not judged.

    Example
    -------
    >>> for check in check_generator(generator, images):  # doctest: +SKIP
    ...     print(check)
    """
    if images.column("label").isna().all():
        raise UserError("no image has a label", where=images.about.name, remedy="label the images")
    train, unseen = _parts(images, seed)
    battery = Battery(generator, train, Conditions(train.table.iloc[:0]), seed, batch_size)
    if _card(battery) and _fits(battery, unseen):
        columns = _columns(generator, train)
        battery.conditions = conditions_like(train.table, n, columns, seed=seed, balanced=True)
        if images_as_asked(battery):
            for clause in CLAUSES:
                clause(battery)
    return battery.checks


def _parts(images: ImageSet, seed: int) -> tuple[ImageSet, ImageSet]:
    order = rng(seed, "check").permutation(len(images))
    cut = max(1, int(0.75 * len(images)))
    return images.subset(np.sort(order[:cut])), images.subset(np.sort(order[cut:]))


def _columns(generator: Any, train: ImageSet, most: int = 2) -> list[str]:
    """Label and one more column that the card claims and that splits the training images into few groups."""
    usable = matching_columns(train.table, most=8)
    known = [column for column in generator.card.columns if column in usable and column != "label"]
    return ["label", *known][:most] if "label" in train.table.columns else known[:most]


def _card(battery: Battery) -> bool:
    def test() -> Outcome:
        card = getattr(battery.generator, "card", None)
        missing = [name for name in ("name", "version", "licence", "columns") if not hasattr(card, name)]
        if card is None or missing or not card.name:
            return False, "no card" if card is None else f"the card lacks {', '.join(missing) or 'a name'}"
        if isinstance(card.columns, str):
            return False, f"card.columns is the text {card.columns!r}, not a tuple"
        lacking = [name for name in ("fit", "sample") if not callable(getattr(battery.generator, name, None))]
        honours = ", ".join(card.columns) or "no column"
        return not lacking, f"no method {lacking[0]}" if lacking else f"{card.name}, honours {honours}"

    return battery.check(
        "card",
        "Give it card = GeneratorCard(name=..., columns=('label',)), and methods fit and sample.",
        test,
    )


def _fits(battery: Battery, unseen: ImageSet) -> bool:
    train, before = battery.train, battery.train.content_hash
    source = _WatchedSource(train.source, unseen)
    watched = ImageSet(source, train.table.copy(), about=train.about, rows=train.rows)

    def fit() -> tuple[bool, str]:
        start = time.perf_counter()
        battery.generator.fit(watched, seed=battery.seed, progress=silent())
        return True, f"{len(train)} images in {time.perf_counter() - start:.1f} s"

    def unchanged() -> tuple[bool, str]:
        again = ImageSet(train.source, watched.table, rows=train.rows).content_hash
        same = again == before
        return (
            same,
            "pixels and table are as they were" if same else "the training images or their table changed",
        )

    def alone() -> tuple[bool, str]:
        return not source.trespasses, f"{len(source.trespasses)} images of other splits were read"

    fitted = battery.check(
        "fit", "fit(train, *, seed, progress) must run on any image set with a label.", fit
    )
    battery.check(
        "training set unchanged", "Copy arrays before changing them: images() may be a view.", unchanged
    )
    battery.check("only the training set", "Read train.images(), never the rows behind train.source.", alone)
    return fitted


class _WatchedSource:
    """Reads as the source does, and notes the rows that belong to images outside the training set."""

    def __init__(self, source: Source, unseen: ImageSet) -> None:
        self.source, self.forbidden = source, {int(row) for row in unseen.rows}
        self.trespasses: list[int] = []

    def __len__(self) -> int:
        return len(self.source)

    def read(self, row: int) -> NDArray[np.uint8]:
        if int(row) in self.forbidden:
            self.trespasses.append(int(row))
        return self.source.read(row)
