"""What the streaming metrics share: checked batches, held features, and a merge that forgets what was computed."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities.data import dim_zero_cat

from ..core import UserError


class Shell(Metric):  # type: ignore[misc]
    """What all shells share: checked batches, and a merge that forgets what was computed before it."""

    full_state_update = False
    is_differentiable = False
    _update_count: int

    def __init__(self, *, keep_real: bool = False, **settings: Any) -> None:
        super().__init__(**settings)
        self.keep_real = keep_real

    def merge_state(self, incoming_state: dict[str, Any] | Metric) -> None:
        """Add what another metric of this kind has gathered; the result is that of one pass over both."""
        super().merge_state(incoming_state)
        other = getattr(incoming_state, "_update_count", 1)
        self._update_count, self._computed = self._update_count + other, None

    def reset(self) -> None:
        """Forget all features, or with ``keep_real`` the synthetic ones only."""
        real = getattr(self, "real", None) if self.keep_real else None
        kept = list(real) if isinstance(real, list) else real
        super().reset()
        if kept is not None:
            self.real = kept


class Held(Shell):
    """A shell that needs pairs of images, and so holds all features in float32 on its device: 4 (n + m) D bytes."""

    names: ClassVar[tuple[str, ...]] = ("real", "synthetic")
    real: list[Tensor]
    synthetic: list[Tensor]

    def __init__(self, *, keep_real: bool = False, **settings: Any) -> None:
        super().__init__(keep_real=keep_real, **settings)
        for side in self.names:
            self.add_state(side, [], dist_reduce_fx="cat")

    def update(self, features: Tensor, real: bool) -> None:
        """Take a batch (n, D) of one of the two sets."""
        rows = checked(features).to(self.device, torch.float32)
        (self.real if real else self.synthetic).append(rows)

    def features(self, real: bool) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Return all features of one set, (n, D) float32."""
        held = self.real if real else self.synthetic
        if not len(held):
            raise UserError("no features were given", where="real" if real else "synthetic")
        if isinstance(held, list) and len({each.shape[1] for each in held}) > 1:
            raise UserError("batches have different numbers of columns", remedy="take all from one extractor")
        return np.asarray(dim_zero_cat(held).cpu().numpy(), dtype=np.float32)

    def number(self, value: float) -> Tensor:
        return torch.tensor(value, dtype=torch.float64, device=self.device)

    def where(self) -> str:
        return str(self.device)


def checked(features: Tensor, width: int | None = None) -> Tensor:
    """Return a batch of features as it is, or say what is wrong with it."""
    rows = torch.as_tensor(features).detach()
    if rows.ndim != 2 or not rows.shape[1]:
        raise UserError(
            f"features have shape {tuple(rows.shape)}", remedy="pass (n, D): a row for each image"
        )
    if not len(rows):
        raise UserError("the batch is empty", remedy="leave it out")
    if width is not None and rows.shape[1] != width:
        raise UserError(f"features have {rows.shape[1]} columns, {width} expected")
    if not rows.isfinite().all():
        row = int((~rows.isfinite().all(dim=1)).nonzero()[0])
        raise UserError(f"NaN or infinity in row {row} of the batch", remedy="look at that image")
    return rows
