"""The one place that makes timm networks: from a local file, from timm's own cache, or from scratch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor, nn

from ..core import UserError, content_key, did_you_mean, file_hash
from ._preprocess import Preprocessing

Loaded = tuple[nn.Module, Preprocessing]


def load_backbone(
    name: str,
    weights: str | None = None,
    in_chans: int = 3,
    num_classes: int = 0,
    *,
    image_size: int | None = None,
    seed: int = 0,
    rename: Callable[[str], str] | None = None,
    **model_options: Any,
) -> Loaded:
    """Return a timm network and the preprocessing that belongs to its weights.

    Parameters
    ----------
    name:
        A timm model, such as ``resnet18`` or ``mobilenetv2_100``.
    weights:
        None trains from scratch (initial weights depend on ``seed`` alone); ``"pretrained"`` takes what
        timm's download cache holds and never downloads; else the path of a ``.safetensors``, ``.pth`` or
        ``.bin`` file (half precision is widened; pickled code is never run).
    image_size:
        Side of the images, in pixels. From scratch, a network whose last feature map would be smaller than
        2 x 2 gets its first one or two strides of 2 set to 1, and one with a fixed input size is built for
        this size.
    rename:
        Maps the file's names of tensors to timm's.
    model_options:
        Passed to ``timm.create_model`` (``pad_type="same"``, ``drop_path_rate=0.1``, ...).

    Raises ``UserError`` for an unknown model, and for a missing or unfitting file, which it names.

    Example
    -------
    >>> module, preprocessing = load_backbone("test_resnet", image_size=32)
    >>> module(torch.zeros(1, 3, 32, 32)).shape[0], preprocessing.mean
    (1, (0.5, 0.5, 0.5))
    """
    scratch = weights is None
    path = None if scratch else _weights_path(name, str(weights))
    module = _create(name, in_chans, num_classes, image_size if scratch else None, seed, model_options)
    if path is None:
        if image_size is not None:
            _keep_two_by_two(module, image_size)
        return module.to(memory_format=torch.channels_last), Preprocessing()
    _load_state(module, path, name, rename or str)
    return module.to(memory_format=torch.channels_last), _preprocessing_of(module)


def weights_key(name: str, weights: str | None) -> str:
    """Return a content key of the weights that ``weights`` stands for (from scratch: of the name alone)."""
    path = None if weights is None else _weights_path(name, weights)
    return content_key("backbone", name, None if path is None else file_hash(path))


def best_device() -> str:
    """``"cuda"`` where there is a device, else ``"cpu"``."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def _create(
    name: str, in_chans: int, num_classes: int, image_size: int | None, seed: int, options: dict[str, Any]
) -> nn.Module:
    if not timm.is_model(name):
        raise UserError(f"timm has no model {name!r}", remedy=did_you_mean(name, timm.list_models()))
    given = dict(options)
    if image_size is not None and (timm.get_pretrained_cfg(name) or _NoConfig).fixed_input_size:
        given.setdefault("img_size", image_size)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            return timm.create_model(name, in_chans=in_chans, num_classes=num_classes, **given)
        except (TypeError, ValueError, AssertionError, RuntimeError) as error:
            raise UserError(f"timm cannot make {name!r} with {given}: {error}") from error


class _NoConfig:
    fixed_input_size = False


def _keep_two_by_two(module: nn.Module, image_size: int) -> None:
    """Undo at most two strides of the stem while the last feature map would be under 2 x 2."""
    reduction = _nominal_reduction(module)
    for stride in _stem_strides(module):
        if -(-image_size // reduction) >= 2:
            break
        if isinstance(stride, nn.Conv2d):
            stride.stride = (1, 1)
        else:
            stride.stride = 1
        reduction //= 2
    module.kept_reduction = reduction  # type: ignore[assignment]


def reduction_of(module: nn.Module) -> int:
    """By how much the network's last feature map is smaller than its input, strides of the stem undone.

    >>> reduction_of(load_backbone("test_resnet")[0]), reduction_of(load_backbone("test_resnet", image_size=16)[0])
    (32, 8)
    """
    kept = getattr(module, "kept_reduction", None)
    return int(kept) if kept is not None else _nominal_reduction(module)


def _nominal_reduction(module: nn.Module) -> int:
    info = getattr(module, "feature_info", None)
    rows = getattr(info, "info", info) or [{"reduction": 1}]
    return max(int(row.get("reduction", 1)) for row in rows)


def _stem_strides(module: nn.Module) -> list[nn.Conv2d | nn.MaxPool2d]:
    """The first convolution, when overlapping and of stride 2, and the pooling of a ResNet behind it."""
    first = next((layer for layer in module.modules() if isinstance(layer, nn.Conv2d)), None)
    found: list[nn.Conv2d | nn.MaxPool2d] = []
    if first is not None and tuple(first.stride) == (2, 2) and first.kernel_size[0] > 2:
        found.append(first)
    pool = getattr(module, "maxpool", None)
    if isinstance(pool, nn.MaxPool2d):
        found.append(pool)
    return found


def _weights_path(name: str, weights: str) -> Path:
    if weights == "pretrained":
        return _cached_weights(name)
    path = Path(weights).expanduser()
    if not path.is_file():
        raise UserError(
            f"the weights of {name!r} are not there",
            where=path,
            remedy="put a .safetensors or .pth checkpoint at this path",
        )
    return path


def _cached_weights(name: str) -> Path:
    """Find a model's default weights in the caches that timm itself uses, without any download."""
    from huggingface_hub import try_to_load_from_cache

    config = timm.get_pretrained_cfg(name)
    hub = getattr(config, "hf_hub_id", None)
    for file in ("model.safetensors", "pytorch_model.bin"):
        found = try_to_load_from_cache(hub, file) if hub else None
        if isinstance(found, str):
            return Path(found)
    url = getattr(config, "url", None) or ""
    stored = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    if url and stored.is_file():
        return stored
    source = f"model.safetensors of https://huggingface.co/{hub}" if hub else (url or "its published weights")
    raise UserError(
        f"the pretrained weights of {name!r} are not in timm's cache, and nothing is downloaded unasked",
        remedy=f"fetch {source} to a file and give weights=FILE, or put it into timm's cache",
    )


def _load_state(module: nn.Module, path: Path, name: str, rename: Callable[[str], str]) -> None:
    state = {rename(key.removeprefix("module.")): value.float() for key, value in _read_state(path).items()}
    own = module.state_dict()
    classifier = _classifier_names(module)
    usable = {key: value for key, value in state.items() if key in own and own[key].shape == value.shape}
    missing = [key for key in own if key not in usable and not key.startswith(classifier)]
    missing = [key for key in missing if not key.endswith("num_batches_tracked")]
    if missing:
        raise UserError(
            f"the file does not fit {name!r}: {len(missing)} of its {len(own)} tensors are missing or "
            f"of another shape, such as {missing[0]!r}",
            where=path,
            remedy="is it a checkpoint of this very model?",
        )
    module.load_state_dict(usable, strict=False)


def _classifier_names(module: nn.Module) -> tuple[str, ...]:
    named = getattr(module, "pretrained_cfg", {}).get("classifier", None) or "classifier"
    return tuple([named] if isinstance(named, str) else named)


def _read_state(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise UserError(f"the weights cannot be read: {reason}", where=path) from error
    for key in ("state_dict_ema", "state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    tensors = {key: value for key, value in state.items() if isinstance(value, Tensor)}
    if not tensors:
        raise UserError("the file holds no tensors", where=path)
    return tensors


def _preprocessing_of(module: nn.Module) -> Preprocessing:
    config = getattr(module, "pretrained_cfg", {})
    interpolation = config.get("interpolation", "bicubic")
    return Preprocessing(
        size=int(config.get("input_size", (3, 224, 224))[-1]),
        interpolation=interpolation if interpolation in ("bicubic", "bilinear") else "bicubic",
        mean=tuple(config.get("mean", (0.485, 0.456, 0.406))),
        std=tuple(config.get("std", (0.229, 0.224, 0.225))),
    )
