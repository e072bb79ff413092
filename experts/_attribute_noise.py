"""A published kappa as the noise of a simulated annotator."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..core import UserError, rng


def guess_share(kappa: float) -> float:
    """Return how often each of two equally noisy annotators guesses, when they agree by Cohen's kappa.

    An annotator sees the true value with probability 1 - g, and else names a value drawn from the margins,
    whatever the truth. Both see it with probability (1 - g)^2; otherwise their answers are independent and
    agree as often as by chance, p_e, the sum of the squared margins. So p_o = (1 - g)^2 + (1 - (1 - g)^2) p_e,
    and since an annotator's margins are the truth's, kappa = (p_o - p_e) / (1 - p_e) = (1 - g)^2, for any
    number of values and any margins. Hence g = 1 - sqrt(kappa).

    Raises ``UserError`` unless 0 < kappa <= 1.

    >>> round(guess_share(0.81), 3), guess_share(1.0)
    (0.1, 0.0)
    """
    if not 0 < kappa <= 1:
        raise UserError(f"a kappa must be above 0 and at most 1, got {kappa}")
    return 1.0 - math.sqrt(kappa)


def error_rate(kappa: float, margins: Mapping[str, float]) -> float:
    """Return how often an annotator of that kappa is wrong: (1 - sqrt(kappa)) (1 - sum of squared margins).

    A guess hits the truth as often as chance does.

    >>> round(error_rate(0.81, {"small": 0.5, "big": 0.5}), 3)
    0.05
    """
    shares = np.array(list(margins.values()), np.float64)
    return guess_share(kappa) * float(1 - np.square(shares / shares.sum()).sum())


def guesses(
    keys: Sequence[str],
    attribute: str,
    kappa: float,
    margins: Mapping[str, float],
    *,
    seed: int,
    repeat: int = 0,
) -> NDArray[np.object_]:
    """Return, for every image key, the value that an annotator guesses, or None where he sees the true one.

    The draw depends on (seed, key, attribute, repeat) alone: another rater has another seed, a hidden repeat
    is a new look.

    >>> found = guesses(["a", "b"], "cell_size", 1.0, {"small": 0.5, "big": 0.5}, seed=0)
    >>> found.tolist()
    [None, None]
    """
    share, names = guess_share(kappa), list(margins)
    steps = np.cumsum([margins[name] for name in names])
    drawn: dict[str, str | None] = {}
    for key in set(keys):
        first, second = rng(seed, "guess", key, attribute, repeat).random(2)
        place = min(int(np.searchsorted(steps, second * steps[-1], side="right")), len(names) - 1)
        drawn[key] = names[place] if first < share else None
    return np.array([drawn[key] for key in keys] or [], dtype=object)


def annotate(
    values: Sequence[str],
    keys: Sequence[str],
    attribute: str,
    kappa: float,
    margins: Mapping[str, float],
    *,
    seed: int,
    repeat: int = 0,
) -> list[str]:
    """Return what a noisy annotator names, given the true values."""
    guessed = guesses(keys, attribute, kappa, margins, seed=seed, repeat=repeat)
    return [value if guess is None else str(guess) for value, guess in zip(values, guessed, strict=True)]
