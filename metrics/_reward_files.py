"""Reward models in folders: ``reward.json`` and ``weights.safetensors``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..classifiers import Preprocessing
from ..core import UserError, atomic_folder, write_json

if TYPE_CHECKING:
    from ._reward import RewardModel

ABOUT, WEIGHTS = "reward.json", "weights.safetensors"


def save_reward(model: RewardModel, folder: str | Path) -> None:
    """Write a fitted model into a folder, in the place of one that is there."""
    from safetensors.torch import save_file

    state = {
        f"{i}.{name}": value.contiguous().cpu()
        for i, network in enumerate(model.fitted())
        for name, value in network.state_dict().items()
    }
    with atomic_folder(folder, replace=True) as temporary:
        write_json(temporary / ABOUT, _about(model))
        save_file(state, temporary / WEIGHTS)


def load_reward(kind: type[RewardModel], folder: str | Path) -> RewardModel:
    """Read what ``save_reward`` wrote; ``UserError`` names the file that is missing or damaged."""
    from safetensors import SafetensorError

    path = Path(folder)
    for file in (ABOUT, WEIGHTS):
        if not (path / file).is_file():
            raise UserError("not a saved reward model: the file is missing", where=path / file)
    try:
        return _read(kind, path)
    except UserError:
        raise
    except SafetensorError as error:
        raise UserError("the weights cannot be read", where=path / WEIGHTS) from error
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise UserError("not a readable reward model", where=path / ABOUT) from error


def _about(model: RewardModel) -> dict[str, Any]:
    return {
        "version": model.version,
        "backbone": model.backbone,
        "weights": model.weights,
        "options": model.options,
        "columns": list(model.columns),
        "ensemble": model.ensemble,
        "words": model.words,
        "criteria": model.criteria,
        "calibration": list(model.calibration),
        "criteria_calibration": {name: list(pair) for name, pair in model.criteria_calibration.items()},
        "image_size": model.image_size,
        "output_stride": model.output_stride,
        "preprocessing": model.preprocessing.to_json(),
        "card": model.card,
        "shuffled": model.shuffled,
        "ratings_key": model.ratings_key,
    }


def _read(kind: type[RewardModel], path: Path) -> RewardModel:
    """The model; a folder of version 1 knows no criteria and no finer stride."""
    from safetensors.torch import load_file

    about = json.loads((path / ABOUT).read_text(encoding="utf-8"))
    model = kind(about["backbone"], columns=about["columns"], ensemble=about["ensemble"], **about["options"])
    model.weights = about["weights"]
    model.words, model.card = about["words"], about["card"]
    model.shuffled = about.get("shuffled", False)
    model.ratings_key = about.get("ratings_key", "")
    model.calibration = (about["calibration"][0], about["calibration"][1])
    model.criteria = about.get("criteria", [])
    told = about.get("criteria_calibration", {})
    model.criteria_calibration = {name: (a, b) for name, (a, b) in told.items()}
    model.image_size = about["image_size"]
    model.output_stride = about.get("output_stride")
    model.preprocessing = Preprocessing.from_json(about["preprocessing"])
    state = load_file(path / WEIGHTS)
    for i in range(model.ensemble):
        network = model.network(0, from_file=True)
        network.load_state_dict({k.partition(".")[2]: v for k, v in state.items() if k.startswith(f"{i}.")})
        model.networks.append(network.eval().requires_grad_(False))
    return model
