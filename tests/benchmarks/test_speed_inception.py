"""Images to Inception features beside clean-fid's extractor, in one run, with the same random weights.

``make bench``. Read the ratio, not the seconds; both use the cores that torch was given.
"""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("cleanfid")
pytest.importorskip("pytorch_fid")

import random_inception
from PIL import Image

from synmedbench.imagesets import phantom_blood, read_folder
from synmedbench.metrics import InceptionExtractor, frechet_distance

pytestmark = pytest.mark.slow
N, ROUNDS = 64, 3


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_inception.write(tmp_path_factory.mktemp("weights") / "inception-2015-12-05.pt")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    made = []
    for seed in (0, 1):
        folder = tmp_path_factory.mktemp(f"images{seed}")
        for i, pixels in enumerate(phantom_blood(n=N, size=64, seed=seed).images()):
            dimmed = (pixels * (1 - 0.2 * seed)).astype(np.uint8)
            Image.fromarray(dimmed).save(folder / f"{i:04d}.png")
        made.append(folder)
    return made


class CleanFid:
    """clean-fid's own path from files to features, with as many workers as torch has threads."""

    def __init__(self, weights: Path) -> None:
        from cleanfid.inception_torchscript import InceptionV3W

        self.model = InceptionV3W(str(weights.parent), download=False, resize_inside=False).eval()

    def features(self, folder: Path) -> Any:
        from cleanfid.fid import get_files_features

        files = sorted(map(str, folder.glob("*.png")))
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            return get_files_features(
                files, self.model, num_workers=torch.get_num_threads(), batch_size=32, device=torch.device("cpu"),
                mode="clean", verbose=False,
            )  # fmt: skip


@pytest.mark.benchmark(group="images to Inception features")
def test_inception_beside_clean_fid(
    benchmark: Any, weights: Path, folders: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = InceptionExtractor(weights=str(weights), trust=True), CleanFid(weights)
    found: dict[str, list[Any]] = {"ours": [ours.features(read_folder(f)) for f in folders],
                                   "theirs": [theirs.features(f) for f in folders]}  # fmt: skip
    np.testing.assert_allclose(found["ours"][0], found["theirs"][0], rtol=1e-3, atol=1e-3)
    distances = {name: frechet_distance(*pair) for name, pair in found.items()}
    assert distances["ours"] == pytest.approx(distances["theirs"], rel=1e-3)

    seconds: dict[str, list[float]] = {"ours": [], "theirs": []}
    work = {
        "ours": lambda: ours.features(read_folder(folders[0])),
        "theirs": lambda: theirs.features(folders[0]),
    }

    def both() -> None:
        for name, run in work.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)

    benchmark.pedantic(both, rounds=ROUNDS, warmup_rounds=1)
    rates = {name: N / float(np.median(times)) for name, times in seconds.items()}
    ratio = rates["ours"] / rates["theirs"]
    benchmark.extra_info.update(images_per_second=rates, ratio=ratio, frechet_distances=distances)
    with capsys.disabled():
        print(f"\nInception features: {rates['ours']:.1f} images/s, clean-fid {rates['theirs']:.1f}: {ratio:.2f}x; "
              f"FD {distances['ours']:.6f} against {distances['theirs']:.6f}")  # fmt: skip
