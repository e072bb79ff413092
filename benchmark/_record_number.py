"""What every part of a record is made of: models that refuse unknown fields, numbers that are null where not finite."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(_finite)]


class RecordPart(BaseModel):
    """A part of a record."""

    model_config = ConfigDict(extra="forbid")
