"""Encoders that were trained on medical images, by alias: which file to put where, and under what licence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..classifiers import FEATURE_BATCH, Preprocessing, best_device, load_backbone, stream_features
from ..core import Progress, UserError, content_key, file_hash
from ..imagesets import ImageSet
from ._extractor import Images, pixel_batches
from ._feature_cache import Features
from ._hf_network import HfNetwork


@dataclass(frozen=True)
class MedicalFile:
    """A published checkpoint that a timm network can take: its file, origin, licence, names and preprocessing."""

    file: str
    origin: str
    licence: str
    model: str
    preprocessing: Preprocessing
    rename: Callable[[str], str]
    options: Mapping[str, Any] = field(default_factory=dict)


_SEQUENCE = {"0": "conv1", "1": "bn1", "4": "layer1", "5": "layer2", "6": "layer3", "7": "layer4"}


def _from_sequence(name: str) -> str:
    """A ResNet that was saved as a sequence of its children: ``backbone.4.0.conv1.weight``."""
    found = re.fullmatch(r"backbone\.(\d)\.(.+)", name)
    return f"{_SEQUENCE.get(found[1], found[1])}.{found[2]}" if found else name


def _from_encoder(name: str) -> str:
    return name.removeprefix("encoder.")


RADIMAGENET = MedicalFile(
    "ResNet50.pt",
    "the PyTorch models of https://github.com/BMEII-AI/RadImageNet",
    "licence: MIT; the images behind it are those of radimagenet.com, under its terms",
    "resnet50",
    Preprocessing(224, "bilinear"),
    _from_sequence,
)
"""Radiology (CT, MRI, ultrasound), Mei et al. 2022; pixels in [-1, 1] as in its published example."""

PANDERM = MedicalFile(
    "panderm_ll_data6_checkpoint-499.pth",
    "the ViT-L/16 of https://github.com/SiyuanYan1/PanDerm",
    "licence: CC BY-NC-ND 4.0, for non-commercial academic research with attribution",
    "beit_large_patch16_224",
    Preprocessing(224, "bilinear", (0.485, 0.456, 0.406), (0.228, 0.224, 0.225), resize=256),
    _from_encoder,
    {"use_abs_pos_emb": True, "use_rel_pos_bias": False, "init_values": 0.1, "global_pool": "token"},
)
"""Dermatology, Yan et al. 2025: the class token, and pixels as in its published linear evaluation."""


class _FileExtractor:
    """Features of one ``MedicalFile``."""

    version = 1
    learns = False
    published: MedicalFile
    name: str

    def __init__(self, *, weights: str | None = None) -> None:
        default = Path(torch.hub.get_dir()) / "checkpoints" / self.name / self.published.file
        self.path = Path(weights).expanduser() if weights else default
        self._loaded: nn.Module | None = None

    @property
    def key(self) -> str:
        """Content key of the file and the preprocessing."""
        file, preprocessing = file_hash(self._found()), self.published.preprocessing.to_json()
        return content_key(self.name, self.version, file, preprocessing)

    def fit(self, train: ImageSet, *, seed: int = 0, progress: Progress | None = None) -> None:
        """Load the weights, so that a missing file is told at once; learns nothing."""
        self._network()

    def features(self, images: Images, *, batch_size: int = FEATURE_BATCH) -> Features:
        """Return (N, D) float32 features; the batch size is fixed, so that they are always the same."""
        preprocessing = self.published.preprocessing
        side = preprocessing.resize or preprocessing.size
        return stream_features(self._network(), preprocessing, pixel_batches(images, FEATURE_BATCH, side))

    def _found(self) -> Path:
        if not self.path.is_file():
            what = self.published
            raise UserError(
                f"the weights of {self.name!r} are not there, and nothing is downloaded unasked",
                where=self.path,
                remedy=f"put {what.file} of {what.origin} there, or give weights=FILE; {what.licence}",
            )
        return self.path

    def _network(self) -> nn.Module:
        if self._loaded is None:
            what = self.published
            module, _ = load_backbone(what.model, str(self._found()), rename=what.rename, **what.options)
            self._loaded = module.to(best_device())
        return self._loaded


class RadImageNetExtractor(_FileExtractor):
    """2,048 features of RadImageNet's ResNet-50 (radiology); ``weights=FILE`` or torch hub's folder."""

    name = "radimagenet"
    published = RADIMAGENET


class PanDermExtractor(_FileExtractor):
    """1,024 features of PanDerm's ViT-L/16 (dermatology); ``weights=FILE`` or torch hub's folder."""

    name = "panderm"
    published = PANDERM


class RadDinoExtractor:
    """768 features of RAD-DINO (chest X-rays, Perez-Garcia et al. 2024), with its own processor.

    ``weights`` is a folder with the Hugging Face files (default: what the user's cache holds of
    ``microsoft/rad-dino``).
    """

    version = 1
    learns = False
    name = "rad-dino"

    def __init__(self, *, weights: str | None = None, revision: str | None = None) -> None:
        self.network = HfNetwork(
            weights or "microsoft/rad-dino",
            pool="pooled",
            revision=revision,
            note="licence: see its model card (MIT since 2025, before that for research only); not for clinical use",
        )

    @property
    def key(self) -> str:
        """Content key of weights, configuration and preprocessing."""
        return self.network.key

    def fit(self, train: ImageSet, *, seed: int = 0, progress: Progress | None = None) -> None:
        """Load the network, so that what is missing is told at once; learns nothing."""
        self.network.fit(train)

    def features(self, images: Images, *, batch_size: int = 32) -> Features:
        """Return (N, D) float32 features; the batch size is fixed, so that they are always the same."""
        return self.network.features(images)
