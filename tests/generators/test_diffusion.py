from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from synmedbench.core import UserError
from synmedbench.generators import Conditions, Diffusion, conditions_like, sample_images
from synmedbench.imagesets import ImageSet

MakeDiffusion = Callable[..., Diffusion]


def draw(model: Diffusion, conditions: Conditions, rows: list[int], batch_size: int = 8) -> np.ndarray:
    return np.concatenate(list(model.sample(conditions, indices=rows, seed=5, batch_size=batch_size)))


def test_it_learns_the_conditions(fitted: Diffusion) -> None:
    asked = Conditions(
        pd.DataFrame({"label": ["bright"] * 8 + ["dark"] * 8, "skin_tone": ["I-II", "V-VI"] * 8})
    )
    images = draw(fitted, asked, list(range(16))).astype(float)
    assert images[:8].mean() > images[8:].mean() + 60
    assert images[0::2, ..., 2].mean() > images[1::2, ..., 2].mean() + 15


def test_same_chunk_same_bytes_and_image_i_is_its_own(fitted: Diffusion, shades: ImageSet) -> None:
    asked = conditions_like(shades.table, 20, fitted.columns)
    images = draw(fitted, asked, list(range(20)))
    assert (images == draw(fitted, asked, list(range(20)))).all()
    for other in (
        draw(fitted, asked, list(range(20)), batch_size=3),
        draw(fitted, asked, list(range(19, -1, -1)))[::-1],
    ):
        apart = np.abs(images.astype(int) - other.astype(int))
        assert apart.max() <= 2
        assert apart.mean() < 0.2


def test_guidance_zero_is_conditional_and_strength_changes_images(
    fitted: Diffusion, shades: ImageSet
) -> None:
    asked = conditions_like(shades.table, 4, fitted.columns)
    tokens = fitted.tokens(asked, range(4))
    x, sigma = fitted.initial_noise(range(4), 0), torch.full((4,), 20.0)
    with torch.no_grad():
        conditional = fitted.network(x, sigma, tokens)
        null = fitted.network(x, sigma, torch.zeros_like(tokens))
        assert torch.equal(fitted.denoise(tokens, 0.0)(x, sigma), conditional)
        assert torch.allclose(fitted.denoise(tokens, 2.0)(x, sigma), conditional + 2.0 * (conditional - null))


class StoppedError(Exception):
    pass


class StopAt:
    """A progress that stops the work after some steps, as a kill would."""

    def __init__(self, step: int) -> None:
        self.left = step

    @contextmanager
    def task(self, label: str, total: int) -> Any:
        yield self

    def advance(self, n: int = 1, note: str = "") -> None:
        self.left -= n
        if self.left <= 0:
            raise StoppedError

    def say(self, line: str) -> None:
        return None


def test_a_stopped_fit_goes_on_bit_for_bit(
    shades: ImageSet, diffusion_of: MakeDiffusion, tmp_path: Path
) -> None:
    whole = diffusion_of()
    whole.fit(shades, seed=2)
    resumed = diffusion_of(checkpoint=tmp_path / "state.safetensors")
    resumed.save_every = 0.0
    with pytest.raises(StoppedError):
        resumed.fit(shades, seed=2, progress=StopAt(13))
    again = diffusion_of(checkpoint=tmp_path / "state.safetensors")
    again.fit(shades, seed=2)
    assert len(again.losses) == 30 - 12
    for a, b in zip(whole.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_checkpoint_of_another_fit_or_a_damaged_one_is_ignored(
    shades: ImageSet, diffusion_of: MakeDiffusion, tmp_path: Path
) -> None:
    path = tmp_path / "state.safetensors"
    first = diffusion_of(checkpoint=path, steps=4)
    first.save_every = 0.0
    first.fit(shades, seed=2)
    assert path.is_file()
    other = diffusion_of(checkpoint=path, steps=4)
    other.fit(shades, seed=3)
    assert len(other.losses) == 4
    path.write_bytes(path.read_bytes()[:100])
    damaged = diffusion_of(checkpoint=path, steps=4)
    damaged.fit(shades, seed=2)
    assert len(damaged.losses) == 4


def test_saved_and_loaded_it_gives_the_same_images(
    fitted: Diffusion, shades: ImageSet, tmp_path: Path
) -> None:
    fitted.save(tmp_path / "model")
    loaded = Diffusion.load(tmp_path / "model")
    asked = conditions_like(shades.table, 6, fitted.columns)
    assert (draw(fitted, asked, list(range(6))) == draw(loaded, asked, list(range(6)))).all()
    assert loaded.card == fitted.card
    assert loaded.card.trained_on == shades.content_hash


def test_the_folder_is_diffusers_own_without_pickle(fitted: Diffusion, tmp_path: Path) -> None:
    from diffusers import EDMDPMSolverMultistepScheduler, UNet2DModel

    fitted.save(tmp_path / "model")
    unet = UNet2DModel.from_pretrained(tmp_path / "model" / "unet")
    scheduler = EDMDPMSolverMultistepScheduler.from_pretrained(tmp_path / "model" / "scheduler")
    assert sum(p.numel() for p in unet.parameters()) == sum(
        p.numel() for p in fitted.network.unet.parameters()
    )
    assert scheduler.config.sigma_data == pytest.approx(fitted.network.sigma_data)
    suffixes = {file.suffix for file in (tmp_path / "model").rglob("*") if file.is_file()}
    assert suffixes == {".json", ".md", ".safetensors"}
    assert "CC0-1.0" in (tmp_path / "model" / "README.md").read_text()
    assert json.loads((tmp_path / "model" / "card.json").read_text())["columns"] == ["label", "skin_tone"]


def test_loading_what_is_not_there_or_damaged_is_told(fitted: Diffusion, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no saved diffusion model"):
        Diffusion.load(tmp_path)
    fitted.save(tmp_path / "model")
    (tmp_path / "model" / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"nothing")
    with pytest.raises(UserError, match="the weights cannot be read"):
        Diffusion.load(tmp_path / "model")


def test_users_faults_are_told(shades: ImageSet, diffusion_of: MakeDiffusion, fitted: Diffusion) -> None:
    with pytest.raises(UserError, match="not fitted yet"):
        sample_images(diffusion_of(), conditions_like(shades.table, 2), seed=0)
    with pytest.raises(UserError, match="no column 'site'"):
        diffusion_of(columns=("label", "site")).fit(shades, seed=0)
    with pytest.raises(UserError, match="no sampler is called 'huen'"):
        diffusion_of(sampler="huen")
    with pytest.raises(UserError, match="training set is empty"):
        diffusion_of().fit(shades.subset([]), seed=0)
    with pytest.raises(UserError, match="'purple' was not among"):
        draw(fitted, Conditions(pd.DataFrame({"label": ["purple"]})), [0])
