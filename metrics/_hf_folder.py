"""Find a Hugging Face model on this machine: a folder, or what the user's cache holds. Never a download."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..core import UserError, content_key, file_hash

CONFIG = "config.json"
PIXELS = "preprocessor_config.json"
_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")


def find_model(model: str, revision: str | None = None, note: str = "") -> Path:
    """Return the folder that holds a model's configuration, preprocessing and safetensors weights.

    ``model`` is a folder, or an id such as ``facebook/dinov2-small`` that the user's Hugging Face cache holds.
    Raises one ``UserError`` that names the missing file and its place; ``note`` is added to it (a licence).
    """
    folder = Path(model).expanduser()
    if not folder.is_dir():
        folder = _cached(model, revision, note)
    wanted = [name for name in (CONFIG, PIXELS) if not (folder / name).is_file()]
    if wanted:
        raise UserError(
            f"{wanted[0]} is missing",
            where=folder,
            remedy=_remedy(f"put the model's {wanted[0]} there", note),
        )
    _check_weights(folder, note)
    return folder


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model: one, or the shards that its index names."""
    single, index = (folder / name for name in _WEIGHTS)
    if single.is_file():
        return [single]
    names = read_json(index).get("weight_map")
    if not isinstance(names, dict) or any(Path(str(name)).name != name for name in names.values()):
        raise UserError("not an index of weights", where=index, remedy="fetch the file again")
    return [folder / name for name in sorted(set(names.values()))]


def model_key(folder: Path) -> str:
    """Content key of a model's configuration, preprocessing and weights."""
    files = [folder / CONFIG, folder / PIXELS, *weight_files(folder)]
    return content_key([[path.name, file_hash(path)] for path in files])


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object, or raise a ``UserError`` that names the file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError(
            f"not readable as JSON: {error}", where=path, remedy="fetch the file again"
        ) from error
    if not isinstance(found, dict):
        raise UserError("not a JSON object", where=path, remedy="fetch the file again")
    return found


def _cached(model: str, revision: str | None, note: str) -> Path:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.constants import HF_HUB_CACHE
    from huggingface_hub.errors import HFValidationError

    looks_like_id = model.count("/") <= 1 and not model.startswith((".", "/", "~"))
    try:
        found = try_to_load_from_cache(model, CONFIG, revision=revision) if looks_like_id else None
    except HFValidationError:
        found = None
    if isinstance(found, str):
        return Path(found).parent
    if not looks_like_id:
        raise UserError("the model's folder does not exist", where=model,
                        remedy=_remedy(f"put {CONFIG}, {PIXELS} and {_WEIGHTS[0]} there", note))  # fmt: skip
    raise UserError(
        f"the model {model!r} is not in the Hugging Face cache, and nothing is downloaded unasked",
        where=HF_HUB_CACHE,
        remedy=_remedy(
            f"put {CONFIG}, {PIXELS} and {_WEIGHTS[0]} of https://huggingface.co/{model} into a folder and give that "
            f"folder, or fetch it once: hf download {model}",
            note,
        ),
    )


def _check_weights(folder: Path, note: str) -> None:
    if not any((folder / name).is_file() for name in _WEIGHTS):
        pickles = sorted(path.name for kind in _PICKLES for path in folder.glob(kind))
        if pickles:
            raise UserError(
                f"the weights are pickled ({pickles[0]}), and a pickle is a program",
                where=folder,
                remedy=_remedy(
                    f"put the model's {_WEIGHTS[0]} there, or convert once: safetensors.torch.save_file("
                    f"torch.load({pickles[0]!r}, weights_only=True), 'model.safetensors', metadata={{'format': 'pt'}})",
                    note,
                ),
            )
        raise UserError(
            f"{_WEIGHTS[0]} is missing",
            where=folder,
            remedy=_remedy(f"put the model's {_WEIGHTS[0]} there", note),
        )
    for path in weight_files(folder):
        _check_whole(path)


def _check_whole(path: Path) -> None:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise UserError("this part of the weights is missing", where=path, remedy="put it there")
    try:
        with safe_open(path, "pt"):
            return
    except (SafetensorError, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise UserError(
            f"not a whole safetensors file: {reason}", where=path, remedy="fetch the file again"
        ) from error


def _remedy(text: str, note: str) -> str:
    return f"{text}; {note}" if note else text
