"""The denoiser: diffusers' ``UNet2DModel`` between space-to-depth patches; embeddings are summed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from diffusers import UNet2DModel
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from ..core import UserError, did_you_mean
from ._edm import precondition

TIME_SCALE = 100.0
"""c_noise times this enters the sinusoidal embedding, whose fastest wave has period 2 pi."""


@dataclass(frozen=True)
class Preset:
    """The size of a U-Net. ``patch`` 2 folds 2 x 2 pixels into channels: 4 times fewer places.

    ``attention`` puts one attention layer at the lowest resolution, where it is cheap.
    """

    channels: tuple[int, ...]
    layers: int = 1
    groups: int = 8
    embedding: int = 128
    patch: int = 1
    attention: bool = False


PRESETS = {
    "unet-micro": Preset(channels=(16, 24), groups=4, embedding=32, patch=2),
    "unet-tiny": Preset(channels=(32, 64), patch=2),
    "unet-thin": Preset(channels=(16, 32, 64)),
    "unet-small": Preset(channels=(32, 64, 96)),
    "unet-base": Preset(channels=(64, 128, 192, 256), layers=2, embedding=256, attention=True),
}


def preset(name: str) -> Preset:
    """Return a named preset; an unknown name says which was probably meant."""
    if name not in PRESETS:
        raise UserError(f"no U-Net preset is called {name!r}", remedy=did_you_mean(name, PRESETS))
    return PRESETS[name]


def make_unet(size: int, shape: Preset, patch: int) -> UNet2DModel:
    """Return a UNet2DModel for size x size images folded by ``patch``; weights come from torch's state."""
    depth = len(shape.channels)
    if size % (patch * 2 ** (depth - 1)):
        raise UserError(
            f"images of {size} pixels do not halve {depth - 1} times after patches of {patch}",
            remedy=f"use a size that is a multiple of {patch * 2 ** (depth - 1)}",
        )
    return UNet2DModel(
        sample_size=size // patch,
        in_channels=3 * patch**2,
        out_channels=3 * patch**2,
        down_block_types=("DownBlock2D",) * depth,
        up_block_types=("UpBlock2D",) * depth,
        block_out_channels=shape.channels,
        layers_per_block=shape.layers,
        norm_num_groups=shape.groups,
        time_embedding_dim=shape.embedding,
        attention_head_dim=32,
        add_attention=shape.attention,
        class_embed_type="identity",
    )


class Denoiser(nn.Module):
    """``D(x; sigma, c)``: preconditioned U-Net; the embeddings of all condition columns are summed."""

    def __init__(self, unet: UNet2DModel, sizes: Sequence[int], sigma_data: float, patch: int) -> None:
        super().__init__()
        width = int(unet.config.time_embedding_dim)
        self.unet, self.sigma_data, self.patch = unet, sigma_data, patch
        self.tables = nn.ModuleList(nn.Embedding(n, width) for n in sizes)
        self.bf16 = True

    def forward(self, x: Tensor, sigma: Tensor, tokens: Tensor) -> Tensor:
        """Return the expected clean images (N, 3, H, W) for noisy ones, levels (N,), tokens (N, columns)."""
        c_skip, c_out, c_in, c_noise = precondition(sigma, self.sigma_data)
        embedded = torch.stack([table(tokens[:, k]) for k, table in enumerate(self.tables)]).sum(0)
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.bf16):
            folded = pixel_unshuffle(_wide(c_in) * x, self.patch)
            raw = self.unet(folded, TIME_SCALE * c_noise, class_labels=embedded).sample
        return _wide(c_skip) * x + _wide(c_out) * pixel_shuffle(raw.float(), self.patch)


def make_denoiser(
    size: int, shape: Preset, patch: int, sizes: Sequence[int], sigma_data: float, seed: int
) -> Denoiser:
    """Return an untrained denoiser; its weights depend on the seed alone, torch's own state stays."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        denoiser = Denoiser(make_unet(size, shape, patch), sizes, sigma_data, patch)
        nn.init.zeros_(denoiser.unet.conv_out.weight)
        nn.init.zeros_(denoiser.unet.conv_out.bias)
    return denoiser


def _wide(values: Tensor) -> Tensor:
    return values[:, None, None, None]
