"""Small Hugging Face models with random weights, written as their folders are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from synmedbench.imagesets import ImageSet

MEAN, STD = [0.4, 0.5, 0.6], [0.2, 0.25, 0.3]


def images(n: int = 5, size: int = 40, seed: int = 0) -> ImageSet:
    return ImageSet.from_arrays(
        np.random.default_rng(seed).integers(0, 256, (n, size, size, 3), dtype=np.uint8)
    )


def write(folder: Path, model: Any, pixels: dict[str, Any], *, drop: tuple[str, ...] = ()) -> Path:
    """Write config, processor and safetensors; tensors whose name begins with one of ``drop`` are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(
        json.dumps({**model.config.to_dict(), "architectures": [type(model).__name__]})
    )
    (folder / "preprocessor_config.json").write_text(json.dumps(pixels))
    state = {
        k: v.contiguous().clone() for k, v in model.state_dict().items() if not k.startswith(drop or "\0")
    }
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def cropped(kind: str, edge: int, side: int, resample: int = 3, **more: Any) -> dict[str, Any]:
    """A processor that resizes the shorter edge and cuts out the centre."""
    return {
        "image_processor_type": kind, "do_resize": True, "size": {"shortest_edge": edge}, "do_center_crop": True,
        "crop_size": {"height": side, "width": side}, "resample": resample, "do_rescale": True,
        "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": MEAN, "image_std": STD, **more,
    }  # fmt: skip


def squashed(kind: str, side: int, resample: int = 2) -> dict[str, Any]:
    """A processor that resizes to a square."""
    return {
        "image_processor_type": kind, "do_resize": True, "size": {"height": side, "width": side},
        "resample": resample, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True,
        "image_mean": MEAN, "image_std": STD,
    }  # fmt: skip


def dinov2(folder: Path, seed: int = 0, **more: Any) -> Path:
    import transformers as t

    torch.manual_seed(seed)
    config = t.Dinov2Config(
        hidden_size=24, num_hidden_layers=2, num_attention_heads=2, image_size=28, patch_size=14, mlp_ratio=2
    )
    return write(folder, t.Dinov2Model(config), cropped("BitImageProcessor", 32, 28), **more)


def clip(folder: Path, seed: int = 0) -> Path:
    """A whole CLIP with both towers, as it is published."""
    import transformers as t

    torch.manual_seed(seed)
    seen = {"hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
            "image_size": 32, "patch_size": 8, "projection_dim": 12}  # fmt: skip
    told = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
            "vocab_size": 50, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
            "projection_dim": 12}  # fmt: skip
    model = t.CLIPModel(t.CLIPConfig(text_config=told, vision_config=seen, projection_dim=12))
    return write(folder, model, cropped("CLIPImageProcessor", 32, 32, do_convert_rgb=True))


def vit(folder: Path, seed: int = 0, *, drop: tuple[str, ...] = ()) -> Path:
    import transformers as t

    torch.manual_seed(seed)
    config = t.ViTConfig(hidden_size=24, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
                         image_size=32, patch_size=8)  # fmt: skip
    return write(folder, t.ViTModel(config), squashed("ViTImageProcessor", 32), drop=drop)


def resnet(folder: Path) -> Path:
    import transformers as t

    torch.manual_seed(0)
    config = t.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1])
    return write(folder, t.ResNetModel(config), cropped("ConvNextImageProcessor", 32, 32, crop_pct=1.0))


def bert(folder: Path) -> Path:
    import transformers as t

    config = t.BertConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
                          vocab_size=20)  # fmt: skip
    return write(folder, t.BertModel(config), squashed("ViTImageProcessor", 32))
