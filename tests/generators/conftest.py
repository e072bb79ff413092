"""Small image sets and a small fitted diffusion model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synmedbench.generators import Diffusion
from synmedbench.imagesets import About, ImageSet


def make_shades(n: int = 48, size: int = 8) -> ImageSet:
    """Dark and bright images, half of each, on skin of types 1 to 6; the third channel is darker on V and VI."""
    draw = np.random.default_rng(0)
    labels, tones = ["bright", "dark"] * (n // 2), [1 + i % 6 for i in range(n)]
    images = draw.integers(0, 40, (n, size, size, 3))
    images[np.array(labels) == "bright"] += 150
    images[np.array(tones) < 5, :, :, 2] += 40
    table = pd.DataFrame({"label": labels, "skin_tone": tones, "patient_id": [f"p{i}" for i in range(n)]})
    return ImageSet.from_arrays(images.astype(np.uint8), table, about=About("shades", licence="CC0-1.0"))


def make_diffusion(**options: Any) -> Diffusion:
    """A diffusion model that fits in a second."""
    small = {"steps": 30, "batch_size": 16, "sampling_steps": 4, "columns": ("label", "skin_tone")}
    return Diffusion("unet-micro", **{**small, **options})


@pytest.fixture(scope="session")
def shades() -> ImageSet:
    return make_shades()


@pytest.fixture(scope="session")
def diffusion_of() -> Callable[..., Diffusion]:
    return make_diffusion


@pytest.fixture(scope="session")
def fitted(shades: ImageSet) -> Diffusion:
    model = make_diffusion(steps=200)
    model.fit(shades, seed=1)
    return model


@pytest.fixture(scope="session")
def greys() -> ImageSet:
    """Images of one grey each, with a little noise: how bright a model paints is all there is to learn."""
    draw = np.random.default_rng(0)
    images = draw.normal(110, 30, (64, 1, 1, 1)) + draw.normal(0, 10, (64, 8, 8, 3))
    table = pd.DataFrame({"label": ["a", "b"] * 32})
    return ImageSet.from_arrays(images.clip(0, 255).astype(np.uint8), table)


@pytest.fixture(scope="session")
def grey_base(greys: ImageSet) -> Diffusion:
    model = Diffusion("unet-micro", steps=200, batch_size=16, sampling_steps=5, guidance=0.0)
    model.fit(greys, seed=0)
    return model
