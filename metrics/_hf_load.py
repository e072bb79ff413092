"""Load a Hugging Face network and its image processor from a folder; code that comes with it is never run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..classifiers import best_device
from ..core import UserError
from ._hf_folder import CONFIG, PIXELS, read_json

Prepare = Callable[[Sequence[NDArray[np.uint8]]], Tensor]


def transformers() -> Any:
    """The package, or one sentence on how to install it."""
    try:
        import transformers as found
    except ImportError as error:
        raise UserError(
            "this extractor needs the package transformers", remedy="pip install 'synmedbench[hf]'"
        ) from error
    return found


def load_network(folder: Path, kind: str) -> tuple[nn.Module, list[str]]:
    """Return a float32 network in evaluation mode, and the names of its tensors that the weights lack.

    ``kind`` is a class of transformers. Raises ``UserError`` for a configuration that transformers does not know,
    a network that takes no images, and weights of other shapes.
    """
    config = read_json(folder / CONFIG)
    made, report = _from_folder(
        kind, folder, _why(config),
        use_safetensors=True, output_loading_info=True, dtype=torch.float32, ignore_mismatched_sizes=True,
    )  # fmt: skip
    if not takes_images(made):
        raise UserError(
            f"no vision network: its model_type is {config.get('model_type')!r}",
            where=folder,
            remedy="give a network for images",
        )
    if report["mismatched_keys"]:
        name = str(sorted(report["mismatched_keys"], key=str)[0][0])
        raise UserError(
            f"the weights do not fit {CONFIG}: {name!r} has another shape",
            where=folder,
            remedy="put the files of one model there",
        )
    return made.eval().to(best_device()), sorted(map(str, report["missing_keys"]))


def load_processor(folder: Path) -> Prepare:
    """Return what maps (H, W, 3) uint8 images of any sizes to (N, 3, S, S), as the model's own processor does."""
    read_json(folder / PIXELS)
    processor = _from_folder("AutoImageProcessor", folder, f"put the model's own {PIXELS} there")

    def prepare(images: Sequence[NDArray[np.uint8]]) -> Tensor:
        made = processor(images=list(images), return_tensors="pt", input_data_format="channels_last")
        pixels: Tensor = made["pixel_values"]
        return pixels.to(best_device(), torch.float32)

    return prepare


def takes_images(module: Any) -> bool:
    """True for a vision network, and for one of two towers of which one takes images."""
    return hasattr(module, "get_image_features") or getattr(module, "main_input_name", "") == "pixel_values"


def _from_folder(kind: str, folder: Path, remedy: str, **options: Any) -> Any:
    """Call ``from_pretrained``, whose many errors become one sentence."""
    with _quiet():
        try:
            return getattr(transformers(), kind).from_pretrained(
                folder, local_files_only=True, trust_remote_code=False, **options
            )
        except UserError:
            raise
        except Exception as error:
            reason = str(error).strip().partition("\n")[0]
            raise UserError(
                f"transformers cannot load it as {kind}: {reason}", where=folder, remedy=remedy
            ) from error


def _why(config: dict[str, Any]) -> str:
    if "auto_map" in config:
        return (
            "it comes with code of its own, which is never run; export the network as TorchScript and give "
            "torchscript:FILE"
        )
    return f"its model_type is {config.get('model_type')!r}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Reports and bars of transformers are not for the user: what matters is raised."""
    log = transformers().utils.logging
    level, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity(log.CRITICAL)
    log.disable_progress_bar()
    try:
        yield
    finally:
        log.set_verbosity(level)
        if bars:
            log.enable_progress_bar()
