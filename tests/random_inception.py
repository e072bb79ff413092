"""The network that FID is defined on, with random weights, as a TorchScript file of the published form."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import nn


class Layers(nn.Module):
    """The convolutions up to the pooled features: (N, 3, 299, 299) in [-1, 1] to (N, 2048)."""

    def __init__(self) -> None:
        super().__init__()
        import torchvision
        from pytorch_fid import inception as fid

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            net = torchvision.models.inception_v3(aux_logits=False, weights=None, init_weights=False)
        net.Mixed_5b, net.Mixed_5c, net.Mixed_5d = (
            fid.FIDInceptionA(wide, pool_features=pool) for wide, pool in ((192, 32), (256, 64), (288, 64))
        )
        net.Mixed_6b, net.Mixed_6c, net.Mixed_6d, net.Mixed_6e = (
            fid.FIDInceptionC(768, channels_7x7=wide) for wide in (128, 160, 160, 192)
        )
        net.Mixed_7b, net.Mixed_7c = fid.FIDInceptionE_1(1280), fid.FIDInceptionE_2(2048)
        net.dropout, net.fc = nn.Identity(), nn.Identity()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)


class Published(nn.Module):
    """What clean-fid asks of the file: ``layers``, and pixels in 0..255."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, x: torch.Tensor, return_features: bool = False) -> torch.Tensor:
        return self.layers((x - 128) / 128)


def write(path: Path, seed: int = 0) -> Path:
    """Write the network; its batch norms are set by noise, so that no layer is silent."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = Layers()
        for part in layers.modules():
            if isinstance(part, nn.Conv2d):
                nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            if isinstance(part, nn.BatchNorm2d):
                part.momentum = None
        with torch.no_grad():
            layers.train()(torch.randn(8, 3, 299, 299))
            traced = torch.jit.trace(layers.eval(), torch.randn(2, 3, 299, 299))
            torch.jit.script(Published(traced)).save(str(path))
    return path
