"""A diffusion model on disk: diffusers' folder form, safetensors only, with its card."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import diffusers
from diffusers import EDMDPMSolverMultistepScheduler, UNet2DModel
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ..core import UserError, atomic_folder, did_you_mean, write_json, write_text
from ._concept import Concept, LateTable
from ._folder import read_generator_card
from ._unet import TIME_SCALE, Denoiser
from ._vocabulary import Vocabulary

if TYPE_CHECKING:
    from ._diffusion import Diffusion

FORMAT = 1


def save_diffusion(model: Diffusion, folder: Path) -> None:
    """Write ``model_index.json``, ``unet/``, ``scheduler/``, ``conditions/``, ``card.json``, ``README.md``.

    ``unet/`` and ``scheduler/`` load with diffusers itself; an existing folder is replaced as a whole.
    """
    network = model.network
    with atomic_folder(folder, replace=True) as into:
        network.unet.save_pretrained(into / "unet", safe_serialization=True)
        _scheduler(model).save_pretrained(into / "scheduler")
        (into / "conditions").mkdir()
        write_json(into / "conditions" / "config.json", _conditions(model))
        tables = {name: tensor.cpu().contiguous() for name, tensor in network.tables.state_dict().items()}
        save_file(tables, into / "conditions" / "embeddings.safetensors")
        write_json(into / "model_index.json", _index())
        write_json(into / "card.json", dataclasses.asdict(model.card))
        write_text(into / "README.md", _readme(model))


def load_diffusion(kind: type[Diffusion], folder: Path) -> Diffusion:
    """Read a folder that ``save_diffusion`` wrote; a missing or damaged part is an error that names it."""
    config = _read_json(folder / "conditions" / "config.json")
    if config.get("format") != FORMAT:
        raise UserError(
            f"format {config.get('format')!r} is not known", where=folder, remedy="update synmedbench"
        )
    model = _described(kind, config, folder / "conditions" / "config.json")
    assert model.vocabulary is not None
    try:
        unet = UNet2DModel.from_pretrained(
            folder / "unet", use_safetensors=True, local_files_only=True, low_cpu_mem_usage=False
        )
        network = Denoiser(unet, model.vocabulary.sizes, float(config["sigma_data"]), model.patch)
        for k in config.get("late", []):
            network.tables[k] = LateTable(*network.tables[k].weight.shape)
        network.tables.load_state_dict(load_file(folder / "conditions" / "embeddings.safetensors"))
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        raise UserError(
            f"the weights cannot be read: {error}", where=folder, remedy="save the model again"
        ) from error
    model.denoiser = network.to(model.device).eval()
    model.card = read_generator_card(folder / "card.json", model.card)
    return model


def _described(kind: type[Diffusion], config: dict[str, Any], file: Path) -> Diffusion:
    try:
        model = kind(**_known_settings(kind, config["settings"]))
        model.size, model.patch = int(config["size"]), int(config["patch"])
        model.vocabulary = Vocabulary({column: tuple(values) for column, values in config["values"].items()})
        model.concept = _concept(config.get("concept"))
    except UserError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"not readable: {error!r}", where=file, remedy="save the model again") from error
    return model


def _late(model: Diffusion) -> list[int]:
    return [k for k, table in enumerate(model.network.tables) if isinstance(table, LateTable)]


def _concept(note: dict[str, Any] | None) -> Concept | None:
    return Concept(note["column"], tuple(note["values"]), dict(note["where"])) if note else None


def _scheduler(model: Diffusion) -> Any:
    return EDMDPMSolverMultistepScheduler(
        sigma_min=model.sigma_min,
        sigma_max=model.sigma_max,
        sigma_data=model.network.sigma_data,
        sigma_schedule="karras",
        solver_order=2,
    )


def _conditions(model: Diffusion) -> dict[str, Any]:
    assert model.vocabulary is not None
    return {
        "format": FORMAT,
        "values": {column: list(values) for column, values in model.vocabulary.values.items()},
        "null_token": 0,
        "size": model.size,
        "patch": model.patch,
        "sigma_data": model.network.sigma_data,
        "time_embedding": f"{TIME_SCALE:g} * ln(sigma) / 4",
        "settings": model.settings,
        **({"concept": dataclasses.asdict(model.concept), "late": _late(model)} if model.concept else {}),
    }


def _index() -> dict[str, Any]:
    return {
        "_class_name": "Diffusion",
        "_module": "synmedbench.generators",
        "_diffusers_version": diffusers.__version__,
        "unet": ["diffusers", "UNet2DModel"],
        "scheduler": ["diffusers", "EDMDPMSolverMultistepScheduler"],
        "conditions": ["synmedbench.generators", "conditions"],
    }


def _known_settings(kind: type[Diffusion], settings: dict[str, Any]) -> dict[str, Any]:
    from ._diffusion import option_names

    unknown = [name for name in settings if name not in option_names()]
    if unknown:
        raise UserError(
            f"the saved model has an unknown setting {unknown[0]!r}",
            remedy=did_you_mean(unknown[0], option_names()),
        )
    return settings


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError("no saved diffusion model is here", where=path.parent.parent) from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError("not readable JSON", where=path, remedy="save the model again") from error
    if not isinstance(found, dict):
        raise UserError("not a JSON object", where=path, remedy="save the model again")
    return found


def _readme(model: Diffusion) -> str:
    card, conditions = model.card, _conditions(model)
    columns = "\n".join(
        f"- `{column}`: {', '.join(values)}" for column, values in conditions["values"].items()
    )
    front = f"---\nlibrary_name: diffusers\nlicense: other\nlicense_name: {json.dumps(card.licence)}\n---\n"
    notes = f"\n{card.notes}\n" if card.notes else ""
    return (
        f"{front}\n# {card.name}\n{notes}\n"
        f"A conditional diffusion model of {model.size} x {model.size} images, made with synmedbench.\n\n"
        f"- Licence: {card.licence}\n- Trained on the image set with content hash `{card.trained_on}`\n"
        f"- Method: {card.citation}\n\n## Conditions it honours\n\n{columns}\n\n## Use\n\n"
        "```python\nfrom synmedbench.generators import Diffusion\n\n"
        'model = Diffusion.load("this-folder")\n```\n\n'
        "Its images are synthetic. They may resemble training images; measure that before sharing them.\n"
    )
