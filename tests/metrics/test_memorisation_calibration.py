"""Slow: how often the rule p < .01 accuses generators that copy nobody, and finds those that do; printed as tables.

On drawn images, and on real ones where ``SYNMEDBENCH_DATA`` names a folder that holds ``pbc64``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from synmedbench.benchmark._copies import default_views, view_features
from synmedbench.core import wilson
from synmedbench.imagesets import ImageSet, damage_pixels, open_imageset, split_by_group, view
from synmedbench.metrics import DomainExtractor, Extractor, TextureExtractor, ThumbnailExtractor
from synmedbench.metrics._closeness import closeness_to, named_views
from synmedbench.metrics._precedence import below, calibrate, fewest_copies, precedence_p

pytestmark = pytest.mark.slow

DATA = Path(os.environ.get("SYNMEDBENCH_DATA", "-"))
TRIALS = 1000
HELD, MADE = 140, 300
LOOKS = (
    "as-is", "across", "turn:90", "crop:0.9", "crop:0.85", "brightness:0.8", "brightness:1.25", "jpeg:75", "jpeg:50",
)  # fmt: skip
OTHERS = (
    "brightness:0.9", "jpeg:60", "crop:0.87", "across+crop:0.9", "shift:0.03,0", "shift:0.05,0.05", "blur:1",
    "crop:0.93+brightness:0.9+jpeg:60",
)  # fmt: skip
EXTRACTORS: dict[str, Callable[[], Extractor]] = {
    "thumbnail": ThumbnailExtractor,
    "texture": lambda: TextureExtractor(size=32),
    "domain": lambda: DomainExtractor(steps=200),
}


class Bench:
    """Training images with all their views, and unseen real images, on one extractor."""

    def __init__(self, images: ImageSet, name: str, group: str | None) -> None:
        shares = {"train": 0.4, "holdout": 0.6}
        parted = split_by_group(images, fractions=shares, group=group, stratify="label", seed=0)
        self.name, self.extractor = name, EXTRACTORS[name]()
        self.train = parted.where(split="train")
        self.extractor.fit(self.train)
        pixels = self.train.images()
        own = self.features(pixels)
        self.views = list(
            named_views(own, view_features(self.extractor, pixels, default_views(name))).values()
        )
        self.unseen = parted.where(split="holdout").images()
        self.strangers = self.near(self.unseen)

    def features(self, pixels: np.ndarray) -> np.ndarray:
        return np.asarray(self.extractor.features(pixels), np.float64)

    def near(self, pixels: np.ndarray) -> np.ndarray:
        return closeness_to(self.features(pixels), self.views).values


@pytest.fixture(scope="module", params=list(EXTRACTORS))
def drawn(request: pytest.FixtureRequest) -> Bench:
    return Bench(open_imageset("phantom-derm?n=2000&size=32&diseases=6&seed=3"), request.param, "patient_id")


@pytest.fixture(scope="module", params=list(EXTRACTORS))
def real(request: pytest.FixtureRequest) -> Bench:
    if not (DATA / "pbc64").is_dir():
        pytest.skip("SYNMEDBENCH_DATA has no pbc64")
    return Bench(open_imageset(str(DATA / "pbc64")), request.param, None)


def accused(
    bench: Bench, honest: np.ndarray, copies: np.ndarray, share: float, trials: int = TRIALS
) -> float:
    """Share of trials in which the rule speaks of memorising; hold-out and generator never share an image."""
    found, k = 0, round(share * MADE)
    for trial in range(trials):
        draw = np.random.default_rng([trial, 11])
        order = draw.permutation(len(honest))
        known = calibrate(bench.strangers[order[:HELD]])
        made = np.concatenate([honest[order[HELD : HELD + MADE - k]], draw.choice(copies, k)])
        count = int(below(made, known.threshold).sum())
        p = precedence_p(count, MADE, known.rank, known.units, known.leaked)
        found += bool(p < 0.01 and count / MADE > known.share)
    return found / trials


def honest_generators(bench: Bench) -> dict[str, np.ndarray]:
    """Closeness of what generators make of the unseen images that copy nobody."""
    features = bench.features(bench.unseen)
    middle = features.mean(axis=0)
    return {
        "as a hold-out": bench.strangers,
        "blurred, sigma 1": bench.near(damage_pixels(bench.unseen, "blur", 1.0)),
        "blurred, sigma 2": bench.near(damage_pixels(bench.unseen, "blur", 2.0)),
        "half way to the mean": closeness_to(middle + 0.5 * (features - middle), bench.views).values,
        "noise, sigma 10": bench.near(damage_pixels(bench.unseen, "noise", 10.0)),
    }


def table_of_false_alarms(bench: Bench) -> dict[str, float]:
    copies = np.zeros(1)
    rates = {name: accused(bench, near, copies, 0.0) for name, near in honest_generators(bench).items()}
    print(
        f"\n{bench.name}: {len(bench.train)} training images, {HELD} hold-out, {MADE} made, {TRIALS} trials, p < .01"
    )
    for name, rate in rates.items():
        bounds = wilson(round(rate * TRIALS), TRIALS)
        print(f"  accused: {name:24s} {rate:6.1%} [{bounds.lo:.1%}, {bounds.hi:.1%}]")
    for share in (0.005, 0.01, 0.05, 0.2):
        print(
            f"  found:   {share:6.1%} exact copies    {accused(bench, bench.strangers, copies, share, 300):6.1%}"
        )
    return rates


def table_of_looks(bench: Bench) -> dict[str, float]:
    """The share of copies under each change that lie below the threshold of 140 hold-out images (median of 20)."""
    limits = [
        calibrate(np.random.default_rng(t).permutation(bench.strangers)[:HELD]).threshold for t in range(20)
    ]
    chosen = np.random.default_rng(0).permutation(len(bench.train))[:150]
    pixels = bench.train.images(chosen)
    shares = {}
    for name in (*LOOKS, *OTHERS):
        shares[name] = float(below(bench.near(view(pixels, name)), np.median(limits)).mean())
    print(f"\n{bench.name}: share of single copies that are recognised")
    for name, share in shares.items():
        print(f"  {name:36s} {share:6.1%}{'' if name in LOOKS else '   (no view of it)'}")
    return shares


def check(bench: Bench) -> None:
    rates = table_of_false_alarms(bench)
    limit = 0.01 + 3 * np.sqrt(0.01 * 0.99 / TRIALS)
    if bench.name == "domain":
        # Learned features fold blurred images together: known to accuse a blur in a few trials, printed above.
        assert rates.pop("blurred, sigma 1") < 0.1
    assert all(rate < limit for rate in rates.values()), rates
    needed = fewest_copies(MADE, calibrate(bench.strangers[:HELD]))
    assert needed is not None
    assert accused(bench, bench.strangers, np.zeros(1), (needed + 1) / MADE, 200) > 0.9
    shares = table_of_looks(bench)
    assert all(shares[name] >= 0.9 for name in LOOKS), shares
    if bench.name == "thumbnail":
        blind = {"brightness:0.9", "jpeg:60", "across+crop:0.9", "blur:1"}
        assert all(shares[name] >= 0.95 for name in blind), shares


def test_on_drawn_skin(drawn: Bench) -> None:
    check(drawn)


def test_on_real_blood_cells(real: Bench) -> None:
    check(real)


def test_a_generator_that_repeats_a_few_images_is_the_known_weakness(drawn: Bench) -> None:
    """The test takes images for independent: ten images made over and over speak ten times louder than they may."""
    found = 0
    for trial in range(TRIALS):
        draw = np.random.default_rng([trial, 12])
        order = draw.permutation(len(drawn.strangers))
        known = calibrate(drawn.strangers[order[:HELD]])
        made = np.repeat(drawn.strangers[order[HELD : HELD + 10]], MADE // 10)
        count = int(below(made, known.threshold).sum())
        found += bool(precedence_p(count, MADE, known.rank, known.units, known.leaked) < 0.01)
    print(f"\n{drawn.name}: collapsed to 10 images, accused in {found / TRIALS:.1%}")
    assert found / TRIALS < 0.15
