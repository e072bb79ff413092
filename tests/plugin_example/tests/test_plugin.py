"""The plug-in keeps the contracts; run with ``pytest`` after ``pip install .``."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from synmedbench_plugin_example.mean_colour_gap import MeanColourGap
from synmedbench_plugin_example.pca_gaussian import PcaGaussian

from synmedbench.generators import check_generator
from synmedbench.imagesets import ImageSet


def striped_images(n: int = 64, size: int = 16) -> ImageSet:
    """Two classes: bright on the left, bright on the right."""
    draw = np.random.default_rng(0)
    labels = ["left", "right"] * (n // 2)
    images = draw.integers(0, 90, (n, size, size, 3)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        half = slice(0, size // 2) if label == "left" else slice(size // 2, size)
        image[:, half] += 120
    return ImageSet.from_arrays(images, pd.DataFrame({"label": labels}))


def test_the_generator_passes_the_battery() -> None:
    checks = check_generator(PcaGaussian(), striped_images())
    assert [str(check) for check in checks if not check.passed] == []


def test_the_metric_is_the_distance_of_means() -> None:
    real, synthetic = np.zeros((4, 2)), np.tile([3.0, 4.0], (5, 1))
    assert MeanColourGap()(real, synthetic) == pytest.approx(5.0)
