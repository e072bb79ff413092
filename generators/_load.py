"""A generator from the folder that it was saved in, whatever its kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..core import UserError
from ._best_of_n import BestOfNDiffusion
from ._contracts import Reward
from ._diffusion import Diffusion
from ._guidance import GuidedDiffusion, NoiseAwareDiffusion
from ._opposite import Opposite
from ._rewarded import REWARDED, Rewarded

_KINDS: dict[str, Any] = {
    each.kind: each for each in (BestOfNDiffusion, GuidedDiffusion, NoiseAwareDiffusion)
}


def load_aligned(folder: str | Path) -> Diffusion | Rewarded:
    """Return a diffusion model, or one that asks its reward while it samples, as ``save`` wrote it."""
    path = Path(folder) / REWARDED
    if not path.is_file():
        return Diffusion.load(folder)
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
        kind, options = _KINDS[note["kind"]], dict(note["options"])
        reward: Reward = kind.read_reward(Path(folder) / "reward")
        reward = Opposite(reward) if note.get("opposite") else reward
        return kind(Diffusion.load(Path(folder) / "base"), reward, **options)  # type: ignore[no-any-return]
    except UserError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"not readable: {error!r}", where=path, remedy="align again") from error
