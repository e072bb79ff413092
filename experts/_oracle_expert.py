"""A phantom's oracle as an expert who errs now and then."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..core import UserError
from ..imagesets import ImageSet, open_oracle
from ._criteria import load_criteria
from ._simulated import RowMemory, SimulatedExpert, flips, requested_of

CRITERIA_OF = {"phantom-derm": "skin", "phantom-blood": "blood"}
_CHUNK = 256


class OracleExpert(SimulatedExpert):
    """The measuring oracle of a phantom, each of whose answers is flipped with a known probability.

    Parameters
    ----------
    oracle:
        ``phantom-derm`` or ``phantom-blood``.
    noise:
        The chance that an answer is flipped, for all criteria or by criterion (the rest 0). With k criteria
        of one noise level e, a plausible image is called so with probability (1 - e)^k.

    Example
    -------
    >>> expert = OracleExpert("phantom-derm", noise=0.0)  # doctest: +SKIP
    >>> expert.rate(open_imageset("phantom-derm?n=8"), seed=0)["plausible"].mean()  # doctest: +SKIP
    1.0
    """

    def __init__(self, oracle: str, *, noise: float | Mapping[str, float] = 0.05) -> None:
        self.oracle = open_oracle(oracle)
        self.criteria = load_criteria(CRITERIA_OF[oracle])
        self.criteria_name, self.criteria_version = self.criteria.name, self.criteria.version
        given = noise if isinstance(noise, Mapping) else dict.fromkeys(self.oracle.criteria, float(noise))
        unknown = [name for name in given if name not in self.oracle.criteria]
        if unknown or any(not 0 <= value < 0.5 for value in given.values()):
            known = ", ".join(self.oracle.criteria)
            raise UserError(
                f"noise must be from 0 to below 0.5 for some of {known}, got {noise}", where=oracle
            )
        self.noise = {name: float(given.get(name, 0.0)) for name in self.oracle.criteria}
        self._seen = RowMemory()
        level = f"{noise:g}" if not isinstance(noise, Mapping) else "by criterion"
        self.name = f"simulated: oracle of {oracle}, noise {level}"

    def answers(self, images: ImageSet, *, seed: int = 0, repeat: int = 0) -> pd.DataFrame:
        """Return the answers, each flipped with its criterion's chance; a hidden repeat flips anew.

        They depend on the image's pixels, what was requested, the seed and ``repeat`` (the number of its
        showing), not on its neighbours.
        """
        requested, names = requested_of(images), self.oracle.criteria
        wishes = [tuple(zip(requested.columns, map(str, row), strict=True)) for row in requested.to_numpy()]
        right = self._seen.rows(
            list(zip(images.image_keys, wishes, strict=True)),
            lambda new: self._judge(images.subset(new), requested.iloc[new]),
            len(names),
        ).astype(bool)
        given = right ^ flips(images.image_keys, names, self.noise, seed, repeat)
        return pd.DataFrame(np.where(given, "yes", "no"), columns=list(names))

    def _judge(
        self, images: ImageSet, requested: pd.DataFrame
    ) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        parts = []
        for start in range(0, len(images), _CHUNK):
            rows = range(start, min(start + _CHUNK, len(images)))
            parts.append(
                self.oracle.judge(images.images(rows), requested.iloc[list(rows)].reset_index(drop=True))
            )
        names = list(self.oracle.criteria)
        judged = pd.concat(parts)[names] if parts else pd.DataFrame(columns=names)
        return judged.to_numpy(dtype=bool)
