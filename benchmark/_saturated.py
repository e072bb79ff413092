"""When 'saturated' may be said: a shown gain, larger than a registered margin, that goes no further."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core import LEVEL
from ._grid_errors import Block
from ._saturation import SaturationFit, first_at, p_beyond
from ._seed_spread import spread_of


@dataclass(frozen=True)
class Beyond:
    """The p-value of equivalence beyond the paying ratio, before any adjustment; or why it was not tested.

    Both are None where the gain does not level off: there is nothing to test.
    """

    p: float | None = None
    why: str | None = None


def judge_beyond(fit: SaturationFit, ratios: list[float], block: Block, margin: float | None) -> Beyond:
    """Test the largest ratio against the paying ratio; ``block`` holds real images alone, then every ratio.

    Tested only where it can mean something: a shown gain that levels off before the largest ratio, and that is shown
    to be larger than the margin (else no gain at all would be "the same").
    """
    if fit.chosen != "saturating" or fit.gain <= 0:
        return Beyond()
    if margin is None:
        return Beyond(why="no margin of equivalence was registered for this measure")
    if fit.censored == "below":
        return Beyond(why="it levels off at or before the smallest ratio")
    if not fit.shown or fit.pays_until is None:
        return Beyond(why="a gain is not shown")
    if fit.hi is None:
        return Beyond(why="that the next image pays beyond the largest ratio is not ruled out")
    place = first_at(ratios, fit.pays_until)
    if place is None or place == len(ratios) - 1:
        return Beyond(why="no larger ratio was trained")
    if least_gain(block, place) <= margin:
        return Beyond(why=f"the gain there is not shown to be larger than the margin of {margin:g}")
    arms = block.columns(slice(1, None))
    drawn = None if arms.draws is None else -arms.draws
    p = p_beyond(ratios, -arms.errors, fit.pays_until, margin, drawn)
    return Beyond(p, None if p is not None else "every seed gave the same difference")


def least_gain(block: Block, place: int) -> float:
    """The lower bound of what the ratio at ``place`` gives over real images alone, in the measure."""
    spread = spread_of(block.errors, block.draws)
    weights = np.zeros(block.errors.shape[1])
    weights[[0, place + 1]] = 1.0, -1.0
    return float(weights @ spread.mean - spread.half_widths(weights, LEVEL)[0])


def words_of(
    fit: SaturationFit,
    beyond: Beyond,
    adjusted: float | None,
    margin: float | None,
    unit: str,
    ratios: list[float],
) -> str:
    """What the chosen model says of a gain or of a loss, with the paying ratio's bounds."""
    if fit.reason is not None:
        return f"Not known: {fit.reason}."
    if fit.chosen is None:
        return "Not known."
    beyond_all = "beyond the largest" if fit.hi is None else f"{fit.hi:.3g}"
    bounds = f"[{0 if fit.lo is None else fit.lo:.3g}, {beyond_all}]"
    if fit.chosen != "none" and fit.gain <= 0:
        how = {"saturating": "that levels off", "peak": "that is largest at some ratio"}
        goes = how.get(fit.chosen, "that goes on to the largest ratio")
        return f"A loss {goes} fits best ({unit}); a paying ratio in {bounds} is not ruled out."
    said = {
        "none": f"No gain at any ratio fits best ({unit}); a paying ratio in {bounds} is not ruled out",
        "linear": f"The gain goes on to the largest ratio of {ratios[-1]:g} ({unit}); paying ratio in {bounds}",
        "saturating": f"The gain levels off {_at(fit, ratios)} {bounds} ({unit})",
        "peak": f"The gain is largest {_at(fit, ratios)} and smaller beyond {bounds} ({unit})",
    }[fit.chosen]
    return f"{said}{_gain_words(fit)}{_beyond_words(beyond, adjusted, margin)}."


def _gain_words(fit: SaturationFit) -> str:
    """That a gain is estimated and not shown, where it is so."""
    return "" if fit.chosen == "none" or fit.shown or fit.censored == "below" else "; a gain is not shown"


def _beyond_words(beyond: Beyond, adjusted: float | None, margin: float | None) -> str:
    if beyond.why is not None:
        return (
            f"; that it is saturated was not tested: {beyond.why}"
            if beyond.why != "a gain is not shown"
            else ""
        )
    if adjusted is None or margin is None:
        return ""
    if adjusted < 1 - LEVEL:
        return f"; saturated: the largest ratio gives the same within {margin:g}, p after Holm {adjusted:.3g}"
    return f"; that it is saturated (the same within {margin:g}) is not shown, p after Holm {adjusted:.3g}"


def _at(fit: SaturationFit, ratios: list[float]) -> str:
    if fit.censored == "below":
        return f"at or before the smallest ratio of {ratios[0]:g}"
    return "at 0" if not fit.pays_until else f"at {fit.pays_until:.3g}"
