"""How far metrics spread between real images at the numbers of a run: what a difference must exceed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ..core import LEVEL, Progress, UserError, registry, rng
from ..imagesets import UNKNOWN, ImageSet, stratum_of, too_small
from ..metrics import PRDC, extract, frechet_distance, kernel_distance, prdc
from ._recipe import Component, Recipe, short_name, without_alias
from ._work_data import GROUP

DRAWS = 10
POWER = 0.8
K = 5
_FITS_ALL = "texture"


@dataclass(frozen=True)
class Spread:
    """A metric's spread over draws of real images against real images."""

    metric: str
    stratum: str
    counts: str
    difference: float | None
    words: str = ""
    reason: str | None = None


def measured_spread(
    recipe: Recipe, train: ImageSet, pool: Sequence[ImageSet], n: int, progress: Progress
) -> Iterator[Spread]:
    """Let n real images play the generator against the rest of the pool, ten times, whole patients dealt anew.

    The smallest difference of two generators is ``(z_.975 + z_.8) sqrt(2) SD``: as if both were measured against
    real images of their own, so on the safe side. The draws share images: the SD is about right, not exact.
    """
    spec = _extractor(recipe)
    extractor = registry("extractors").build(without_alias(spec))
    progress.say(f"real against real, {DRAWS} draws: {short_name(spec)} features")
    extractor.fit(train, seed=0, progress=progress)
    features = np.concatenate([extract(extractor, images) for images in pool]).astype(np.float64)
    groups = np.concatenate([images.table[GROUP].to_numpy() for images in pool])
    deals = [_deal(groups, n, draw) for draw in range(DRAWS)]
    fewest = min(min(int(made.sum()), int((~made).sum())) for made in deals)
    if fewest <= K:
        reason = f"not enough data: {fewest} of {len(groups)} real images on one side, {K + 1} needed"
        yield Spread("frechet_distance", "all", f"{n} images", None, reason=reason)
        return
    yield from _overall(features, deals, short_name(spec))
    for column in dict.fromkeys(["label", *recipe.imageset.strata]):
        values = np.concatenate([stratum_of(images, column).astype(str) for images in pool])
        for value in sorted(set(values) - {UNKNOWN}):
            yield _in_stratum(features, deals, values == value, f"{column}={value}", recipe, short_name(spec))


def _extractor(recipe: Recipe) -> Component:
    """The recipe's first extractor that learns nothing (one that learns would have to be trained first)."""
    for spec in recipe.extractors:
        try:
            if not getattr(registry("extractors").build(without_alias(spec)), "learns", False):
                return spec
        except UserError:
            continue
    return _FITS_ALL


def _deal(groups: NDArray[np.int64], n: int, draw: int) -> NDArray[np.bool_]:
    """Return which images play the generator: whole patients until there are about n."""
    names, sizes = np.unique(groups, return_counts=True)
    order = rng(draw, "plan").permutation(len(names))
    taken = np.cumsum(sizes[order]) <= n
    return np.asarray(np.isin(groups, names[order[taken]]), dtype=np.bool_)


def _overall(features: NDArray[np.float64], deals: list[NDArray[np.bool_]], name: str) -> Iterator[Spread]:
    values: dict[str, list[float]] = {"frechet_distance": [], "kernel_distance": []}
    for made in deals:
        real, other = features[~made], features[made]
        values["frechet_distance"].append(frechet_distance(real, other))
        values["kernel_distance"].append(kernel_distance(real, other))
        for metric, value in zip(PRDC._fields, prdc(real, other, K), strict=True):
            values.setdefault(metric, []).append(value)
    fake = round(float(np.mean([made.sum() for made in deals])))
    counts = f"{len(features) - fake} real, {fake} made"
    for metric, found in values.items():
        yield _spread(metric, "all", counts, found, name)


def _in_stratum(
    features: NDArray[np.float64], deals: list[NDArray[np.bool_]], mine: NDArray[np.bool_], stratum: str,
    recipe: Recipe, name: str,
) -> Spread:  # fmt: skip
    """The kernel distance within a stratum: unbiased, so strata of different n compare."""
    sizes = [(int((mine & ~made).sum()), int((mine & made).sum())) for made in deals]
    real, fake = (round(float(np.mean(side))) for side in zip(*sizes, strict=True))
    counts = f"{real} real, {fake} made"
    few = too_small(stratum.partition("=")[2], min(real, fake), recipe.imageset.min_stratum)
    if few or min(min(size) for size in sizes) < 2:
        return Spread(
            "kernel_distance", stratum, counts, None, reason=few or "a draw had fewer than 2 images"
        )
    values = [kernel_distance(features[mine & ~made], features[mine & made]) for made in deals]
    return _spread("kernel_distance", stratum, counts, values, name)


def _spread(metric: str, stratum: str, counts: str, values: list[float], name: str) -> Spread:
    normal = NormalDist()
    steps = normal.inv_cdf(0.5 + LEVEL / 2) + normal.inv_cdf(POWER)
    deviation = float(np.std(values, ddof=1))
    words = f"real to real {np.mean(values):.3g}, SD {deviation:.2g} ({name})"
    return Spread(metric, stratum, counts, float(steps * np.sqrt(2) * deviation), words)
