"""A metric's value with its replicates: kept for each generator, any two can be compared later."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import UserError, atomic_file, content_key, registry
from ._blocks import BLOCKS, Labels, paired_blocks, without_each_block
from ._cards import metric_cards
from ._checks import Features, as_pair
from ._frechet import frechet_distance, frechet_without_blocks
from ._kernel import CMMD_SCALE, KERNEL_BLOCKS, block_sums, grouped_units, unit_pair
from ._panel import Metric
from ._panel_sweep import BALLS
from ._prdc_interval import sweep_halves
from ._vendi import vendi_score, vendi_without_blocks

FORMAT = 1

Groups = tuple[ArrayLike | None, ArrayLike | None]


@dataclass(frozen=True, eq=False)
class LeftOut:
    """A metric of one generator: its value, and its replicates.

    ``replicates`` are the value without block b of both sets, for every b (``halves`` False), or the value of
    half-samples of both (``halves`` True). ``real`` names the real images and how they were dealt: generators
    of the same ``real`` met the same real blocks, so the difference of their replicates is that of a paired
    comparison. ``k`` is the balls' neighbour (0 where there is none).
    """

    metric: str
    value: float
    replicates: NDArray[np.float64]
    halves: bool
    n_real: int
    n_synthetic: int
    real: str
    k: int = 0


def left_out(
    real: ArrayLike,
    synthetic: ArrayLike,
    metrics: Sequence[str | Metric],
    *,
    groups: Groups = (None, None),
    most_blocks: int | None = None,
    k: int = 5,
    seed: int = 0,
    device: str = "cpu",
) -> list[LeftOut]:
    """Return each metric with what :func:`difference_of` needs to compare this generator with others.

    Parameters
    ----------
    real, synthetic:
        Features, (n, D) and (m, D).
    metrics:
        Built-in names of metrics of these two sets, registered ones, or :class:`Metric` objects.
    groups:
        The patient of each real row and the source of each synthetic one, where known.
    most_blocks:
        The number of patients or images of the smallest set that is to be compared, if that is below 50: the
        kernel distances are cut in 50 blocks, the others in 20, and none in more than this.
    k, seed, device:
        As in :func:`score_panel`; also the same for all.

    Raises
    ------
    UserError
        For bad features, metrics that read other sets, and fewer than 10 patients or images.

    Example
    -------
    >>> import numpy as np
    >>> x, y = np.random.default_rng(0).standard_normal((2, 100, 8))
    >>> found = left_out(x, y, ["frechet_distance", "recall"])
    >>> [(each.metric, len(each.replicates)) for each in found]
    [('frechet_distance', 20), ('recall', 200)]
    """
    x, y = as_pair(real, synthetic)
    job = _Job(x, y, groups, most_blocks, k, seed, device)
    asked = [metric if isinstance(metric, str) else metric.name for metric in metrics]
    balls = job.balls() if set(asked) & set(BALLS) else {}
    return [balls[name] if name in balls else job.jackknifed(metric)
            for name, metric in zip(asked, metrics, strict=True)]  # fmt: skip


@dataclass(frozen=True)
class _Job:
    x: Features
    y: Features
    groups: Groups
    most_blocks: int | None
    k: int
    seed: int
    device: str

    def balls(self) -> dict[str, LeftOut]:
        found = sweep_halves(self.x, self.y, self.k, self.groups, seed=self.seed, device=self.device)
        key = self._key(self.k)
        return {
            name: LeftOut(name, float(value), halves, True, len(self.x), len(self.y), key, self.k)
            for name, value, halves in zip(BALLS, found.whole, found.shares.T, strict=True)
        }

    def jackknifed(self, metric: str | Metric) -> LeftOut:
        name = metric if isinstance(metric, str) else metric.name
        default = KERNEL_BLOCKS if name in ("kernel_distance", "cmmd") else BLOCKS
        blocks = min(default, self.most_blocks or default)
        labels = paired_blocks(len(self.x), len(self.y), *self.groups, blocks=blocks, seed=self.seed)
        if name in _SHORT_CUTS:
            value, replicates = _SHORT_CUTS[name](self, labels)
        else:
            name, value, replicates = self._anew(metric, labels)
        found = np.asarray(replicates, dtype=np.float64)
        if not np.isfinite([value, *found]).all():
            raise UserError(f"{name} is not finite on these features")
        return LeftOut(name, value, found, False, len(self.x), len(self.y), self._key(labels[0]))

    def _anew(self, metric: str | Metric, labels: tuple[Labels, Labels]) -> tuple[str, float, Any]:
        if isinstance(metric, str) and metric in (cards := metric_cards()):
            other = [name for name in cards[metric].reads if name not in ("real", "synthetic")]
            if other or "synthetic" not in cards[metric].reads:
                raise UserError(f"{metric} is not measured between real and synthetic images alone")
        own: Metric = registry("metrics").build(metric) if isinstance(metric, str) else metric
        return own.name, float(own(self.x, self.y)), without_each_block(own, self.x, self.y, labels)

    def _key(self, dealt: Any) -> str:
        groups = None if self.groups[0] is None else np.asarray(self.groups[0]).astype(str)
        return content_key("left out", FORMAT, self.x, groups, self.seed, dealt)


def _frechet(job: _Job, labels: tuple[Labels, Labels]) -> tuple[float, Any]:
    return frechet_distance(job.x, job.y), frechet_without_blocks(job.x, job.y, labels)


def _kernel(job: _Job, labels: tuple[Labels, Labels]) -> tuple[float, Any]:
    sums = block_sums(job.x, job.y, labels, "cubic", job.device, grouped_units(job.x, job.y, job.groups))
    return sums.unbiased(), [sums.unbiased(without=block) for block in range(sums.count)]


def _cmmd(job: _Job, labels: tuple[Labels, Labels]) -> tuple[float, Any]:
    sums = block_sums(*unit_pair(job.x, job.y), labels, "gaussian", job.device)
    left = [CMMD_SCALE * sums.biased(without=block) for block in range(sums.count)]
    return max(0.0, CMMD_SCALE * sums.biased()), left


def _vendi(job: _Job, labels: tuple[Labels, Labels], q: float = 1.0) -> tuple[float, Any]:
    return vendi_score(job.y, q), vendi_without_blocks(job.y, labels[1], q)


_SHORT_CUTS: dict[str, Callable[[_Job, tuple[Labels, Labels]], tuple[float, Any]]] = {
    "frechet_distance": _frechet,
    "kernel_distance": _kernel,
    "cmmd": _cmmd,
    "vendi_score": partial(_vendi, q=1.0),
}


def save_left_out(found: Iterable[LeftOut], path: str | Path) -> None:
    """Write one generator's replicates to an ``.npz`` file, atomically."""
    kept = list(found)
    facts = [{key: value for key, value in asdict(each).items() if key != "replicates"} for each in kept]
    arrays: dict[str, Any] = {f"replicates{number}": each.replicates for number, each in enumerate(kept)}
    with atomic_file(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, facts=np.array(json.dumps({"format": FORMAT, "metrics": facts})), **arrays)


def load_left_out(path: str | Path) -> list[LeftOut]:
    """Read what :func:`save_left_out` wrote; another or a damaged file raises :class:`UserError`."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            facts = json.loads(str(kept["facts"]))
            assert facts["format"] == FORMAT
            return [
                LeftOut(replicates=kept[f"replicates{number}"], **each)
                for number, each in enumerate(facts["metrics"])
            ]
    except FileNotFoundError as error:
        raise UserError("there is no such file", where=path) from error
    except (OSError, ValueError, KeyError, EOFError, TypeError, AssertionError, zipfile.BadZipFile) as error:
        raise UserError("not a file of kept replicates", where=path, remedy="score again") from error
