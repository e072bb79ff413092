from __future__ import annotations

import pytest
import torch

from synmedbench.core import UserError
from synmedbench.generators._unet import PRESETS, make_denoiser, preset


def test_small_preset_has_the_published_size() -> None:
    denoiser = make_denoiser(32, PRESETS["unet-small"], 1, (9,), 0.5, seed=0)
    assert sum(p.numel() for p in denoiser.unet.parameters()) == pytest.approx(1.66e6, rel=0.01)


@pytest.mark.parametrize("patch", [1, 2])
def test_an_untrained_denoiser_returns_c_skip_x_at_any_patch(patch: int) -> None:
    denoiser = make_denoiser(8, PRESETS["unet-micro"], patch, (3, 4), 0.5, seed=0)
    x, sigma = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)), torch.tensor([0.5, 1.0])
    out = denoiser(x, sigma, torch.zeros(2, 2, dtype=torch.long))
    expected = (0.25 / (0.25 + sigma**2))[:, None, None, None] * x
    assert torch.allclose(out, expected, atol=1e-6)


def test_weights_depend_on_the_seed_alone() -> None:
    state = torch.random.get_rng_state()
    one, same, other = (make_denoiser(8, PRESETS["unet-micro"], 2, (3,), 0.5, seed=s) for s in (1, 1, 2))
    assert torch.equal(one.tables[0].weight, same.tables[0].weight)
    assert not torch.equal(one.tables[0].weight, other.tables[0].weight)
    assert torch.equal(state, torch.random.get_rng_state())


def test_a_size_that_does_not_halve_and_an_unknown_preset_are_told() -> None:
    with pytest.raises(UserError, match="30 pixels do not halve"):
        make_denoiser(30, PRESETS["unet-small"], 1, (2,), 0.5, seed=0)
    with pytest.raises(UserError, match="did you mean 'unet-tiny'"):
        preset("unet-tiney")
