from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from synmedbench.core import UserError
from synmedbench.generators import Diffusion
from synmedbench.generators._batches import TrainingData, _drop, to_images, to_tensor
from synmedbench.imagesets import ImageSet


def test_pixels_survive_the_way_to_the_model_and_back() -> None:
    images = np.arange(256, dtype=np.uint8).repeat(3).reshape(4, 8, 8, 3)
    assert (to_images(to_tensor(images)) == images).all()


def test_every_image_comes_once_an_epoch_and_steps_are_independent(shades: ImageSet) -> None:
    data = TrainingData(shades.images(), np.zeros((48, 1), np.int64))
    rows = np.concatenate([data.batch(0, step, 16).rows for step in range(6)])
    assert sorted(rows[:48]) == sorted(rows[48:]) == list(range(48))
    assert (rows[:48] != rows[48:]).any()
    assert (data.batch(0, 4, 16).clean == data.batch(0, 4, 16).clean).all()


def test_flips_are_those_allowed(shades: ImageSet) -> None:
    images = shades.images()
    for flips, allowed in (("none", 1), ("horizontal", 2), ("both", 4)):
        data = TrainingData(images, np.zeros((48, 1), np.int64), flips)
        batch = data.batch(3, 0, 48)
        seen = set()
        for shown, row in zip(to_images(batch.clean), batch.rows, strict=True):
            views = (images[row], images[row][:, ::-1], images[row][::-1], images[row][::-1, ::-1])
            seen.add(next(k for k, view in enumerate(views) if (view == shown).all()))
        assert seen == set(range(allowed))


def test_unknown_flips_are_refused(shades: ImageSet, diffusion_of: Callable[..., Diffusion]) -> None:
    with pytest.raises(UserError, match="flips"):
        diffusion_of(flips="sideways").fit(shades, seed=0)


def test_conditions_are_dropped_together_and_one_by_one() -> None:
    draw = torch.Generator().manual_seed(0)
    kept = _drop(torch.ones(20000, 2, dtype=torch.long), 0.1, draw) == 1
    assert float((~kept).all(1).float().mean()) == pytest.approx(0.1 + 0.9 * 0.01, abs=0.01)
    assert float(kept.all(1).float().mean()) == pytest.approx(0.9**3, abs=0.01)
    alone = _drop(torch.ones(20000, 1, dtype=torch.long), 0.1, draw)
    assert float(alone.float().mean()) == pytest.approx(0.9, abs=0.01)
