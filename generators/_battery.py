"""One run of the contract's battery: the generator under test, its training images, and the checks so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..imagesets import ImageSet
from ._contracts import Conditions
from ._sampling import sample_shard

Outcome = tuple[bool, str]


@dataclass(frozen=True)
class Check:
    """One clause of the contract: kept or not, what was seen, and what to do if it was not kept."""

    name: str
    passed: bool
    detail: str = ""
    advice: str = ""

    def __str__(self) -> str:
        if self.passed:
            return f"ok    {self.name}: {self.detail}"
        return f"FAIL  {self.name}: {self.detail}\n      {self.advice}"


@dataclass
class Battery:
    """What all clauses share."""

    generator: Any
    train: ImageSet
    conditions: Conditions
    seed: int
    batch_size: int
    checks: list[Check] = field(default_factory=list)

    @property
    def all_rows(self) -> list[int]:
        """Every row of the conditions."""
        return list(range(len(self.conditions)))

    @property
    def some_rows(self) -> list[int]:
        """The first two batches."""
        return self.all_rows[: 2 * self.batch_size]

    def images(
        self,
        rows: Sequence[int],
        *,
        batch_size: int | None = None,
        seed: int | None = None,
        generator: Any = None,
    ) -> NDArray[np.uint8]:
        """Return the images of these rows, (n, H, W, 3)."""
        return sample_shard(
            generator or self.generator,
            self.conditions,
            rows,
            seed=self.seed if seed is None else seed,
            batch_size=batch_size or self.batch_size,
        )

    def check(self, name: str, advice: str, test: Callable[[], Outcome]) -> bool:
        """Run one clause; an exception in it is a failure."""
        try:
            passed, detail = test()
        except Exception as error:
            passed, detail = False, f"{type(error).__name__}: {error}"
        self.checks.append(Check(name, bool(passed), detail, "" if passed else advice))
        return bool(passed)
