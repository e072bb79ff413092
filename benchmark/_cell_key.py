"""What one cell of the grid of classifiers is known by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._record import CellRow


@dataclass(frozen=True)
class CellKey:
    """One trained classifier on one test set.

    >>> CellKey("real+synthetic", "diffusion", 8, 2.0, "resnet10t", 0).side
    'real+synthetic/diffusion'
    """

    arm: str
    generator: str | None
    """None where the arm trains on no synthetic image."""
    n_real: int
    """Real training images per class."""
    ratio: float
    """Synthetic (or further real) images per real one; 0 where the arm adds none."""
    classifier: str
    seed: int
    test_set: str = "test"
    """``test``; ``COLUMN=VALUE``, which was left out of training; or ``external:NAME``."""

    @property
    def side(self) -> str:
        """``ARM`` or ``ARM/GENERATOR``, as contrasts and claims write it."""
        return f"{self.arm}/{self.generator}" if self.generator else self.arm


def cell_key(row: CellRow) -> CellKey:
    """The cell that a row of the record was measured in."""
    return CellKey(
        arm=row.arm,
        generator=row.generator,
        n_real=row.n_real_train,
        ratio=row.ratio,
        classifier=row.classifier,
        seed=row.seed,
        test_set=row.test_set,
    )
