"""Planted faults: real images, damaged on purpose and by a known amount."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..core import UserError, did_you_mean

PROTOTYPES = 10
"""Images that a collapsed generator still makes."""


@dataclass(frozen=True)
class PlantedFault:
    """A fault that can be planted.

    ``changes`` is what it touches: the ``pixels`` of every image, which images stand in the set (``rows``), or
    the ``labels``. ``strengths`` rise from mild to strong in ``unit`` (the quality of a JPEG falls).
    ``words`` says a strength in a sentence: "as far from real as ...".
    """

    name: str
    title: str
    changes: Literal["pixels", "rows", "labels"]
    unit: str
    strengths: tuple[float, ...]
    about: str
    template: str

    def words(self, strength: float, text: str | None = None) -> str:
        """Say the strength.

        >>> planted_fault("blur").words(1.3), planted_fault("copies").words(0.12)
        ('blur of sigma 1.3 px', '12% copies')
        """
        return self.template.format(text if text is not None else self.number(strength))

    def number(self, strength: float) -> str:
        """The strength as a number with its sign of per cent where it is a share."""
        return f"{100 * strength:.3g}%" if self.unit == "share" else f"{strength:.3g}"


_FAULTS = (
    PlantedFault(
        "blur", "Blur", "pixels", "sigma in pixels", (0.5, 1.0, 2.0, 4.0),
        "Gaussian blur of every image, edges mirrored", "blur of sigma {} px",
    ),
    PlantedFault(
        "jpeg", "JPEG", "pixels", "quality", (95.0, 75.0, 50.0),
        "every image written as JPEG of this quality (chroma halved) and read again", "JPEG of quality {}",
    ),
    PlantedFault(
        "noise", "Noise", "pixels", "sigma in grey levels", (3.0, 10.0, 30.0),
        "independent Gaussian noise on every pixel and channel", "noise of sigma {} grey levels",
    ),
    PlantedFault(
        "cast", "Colour cast", "pixels", "grey levels", (5.0, 15.0),
        "every image redder and less blue by so many grey levels", "colour cast of {} grey levels",
    ),
    PlantedFault(
        "dropped_class", "Dropped class", "rows", "share", (0.25, 0.5, 0.75, 1.0),
        "so much of one class replaced by unseen real images of the others; the mean over classes in turn",
        "{} of a class missing",
    ),
    PlantedFault(
        "dropped_stratum", "Dropped group", "rows", "share", (0.25, 0.5, 0.75, 1.0),
        "so much of one group of the column asked for replaced by unseen real images of the others; the mean over "
        "groups in turn",
        "{} of a group missing",
    ),
    PlantedFault(
        "copies", "Copies", "rows", "share", (0.01, 0.05, 0.2, 0.5),
        "so many images replaced by exact copies of training images of the same class", "{} copies",
    ),
    PlantedFault(
        "collapse", "Mode collapse", "rows", "share", (0.1, 0.25, 0.5, 0.9),
        f"so many images replaced by repeats of {PROTOTYPES} among them", "{} repeats of a few images",
    ),
    PlantedFault(
        "swapped_labels", "Swapped labels", "labels", "share", (0.05, 0.1, 0.25, 0.5),
        "so many labels replaced by another class, drawn by how frequent the classes are", "{} wrong labels",
    ),
    PlantedFault(
        "control", "Control: no fault", "rows", "share", (0.1,),
        "so many images replaced by unseen real images of the same class: nothing is wrong, and nothing may "
        "move", "{} exchanged for other real images",
    ),
)  # fmt: skip


def planted_faults() -> dict[str, PlantedFault]:
    """Return every fault that can be planted, by name.

    >>> planted_faults()["blur"].strengths
    (0.5, 1.0, 2.0, 4.0)
    """
    return {fault.name: fault for fault in _FAULTS}


def planted_fault(name: str) -> PlantedFault:
    """Return one fault; an unknown name raises, with what was probably meant."""
    known = planted_faults()
    if name not in known:
        raise UserError(f"no fault is called {name!r}", remedy=did_you_mean(name, known))
    return known[name]
