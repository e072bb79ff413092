"""Which precision and memory layout trains fastest here: a short measurement instead of a rule."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..core import UserError, parse_spec, registry, rng
from ._train import stepper
from ._whole import PRECISIONS

GAIN = 0.05
"""A candidate must be faster than float32 with channels last, the default, by this share."""
MOST = 200
"""Steps of one candidate at most."""
Step = Callable[[], object]


def measure_speed(
    spec: str | Mapping[str, Any], *, size: int, batch_size: int | None = None, seconds: float = 2.0, classes: int = 8
) -> dict[str, Any]:
    """Return the fastest way to train a classifier on images of a size, and the seconds of a step for each.

    Candidates: ``float32`` and ``bfloat16`` (autocast), each with channels first and last, for at most about
    ``seconds`` each, in turn, so that a slow moment of the machine meets all alike; the median step counts. Ties go to
    ``float32`` with channels last. Frozen: the backbone always runs that way, and one pass counts as a step.

    ``batch_size`` is the classifier's own unless another is given.

    Returns ``{"precision": ..., "channels_last": ..., "seconds_per_step": {"float32 channels-last": ..., ...}}``; the
    first two are options of ``timm``.

    Example
    -------
    >>> found = measure_speed("timm", size=32, batch_size=4, seconds=0.01)
    >>> sorted(found), len(found["seconds_per_step"])
    (['channels_last', 'precision', 'seconds_per_step'], 4)
    """
    if size < 1 or (batch_size is not None and batch_size < 2) or not seconds > 0:
        raise UserError(f"nothing to measure with size {size}, batch {batch_size} and {seconds} seconds")
    parsed = parse_spec(spec)
    base = {"name": parsed.name, **parsed.config()} | ({} if batch_size is None else {"batch_size": batch_size})
    classifier = registry("classifiers").build(base)
    if not hasattr(classifier, "untrained"):
        raise UserError(f"the classifier {parsed.name!r} has no precision to choose")
    batch_size = int(classifier.settings.batch_size)
    images = rng(0, "speed").integers(0, 256, (2 * batch_size, size, size, 3), dtype=np.uint8)
    if classifier.frozen:
        ways = [("float32", True)]
        steps: dict[str, Step] = {_name(*ways[0]): lambda: classifier.embed(images[:batch_size])}
    else:
        ways = [(precision, last) for precision in PRECISIONS for last in (False, True)]
        steps = {
            _name(precision, last): _step(
                {**base, "precision": precision, "channels_last": last}, images, classes
            )
            for precision, last in ways
        }
    times = _timed(steps, seconds)
    default = times[_name("float32", True)]
    best = min(ways, key=lambda way: times[_name(*way)])
    if times[_name(*best)] > (1 - GAIN) * default:
        best = ("float32", True)
    return {"precision": best[0], "channels_last": best[1], "seconds_per_step": times}


def _name(precision: str, last: bool) -> str:
    return f"{precision} channels-{'last' if last else 'first'}"


def _step(spec: Mapping[str, Any], images: NDArray[np.uint8], classes: int) -> Step:
    """One step of training on random images, with all that belongs to it."""
    classifier = registry("classifiers").build(spec)
    n, batch = len(images), classifier.settings.batch_size
    network, preprocessing, _ = classifier.untrained(images.shape[1], classes, 0)
    targets = np.arange(n) % classes
    loss_of = classifier.loss_of(network, preprocessing, images, targets, np.ones(n), kind=classifier.augment)
    step = stepper(network, loss_of, classifier.settings, 0, fused=classifier.fused)
    rows = np.arange(batch, dtype=np.int64)

    def run() -> None:
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            network.train()
            step(0, rows)

    return run


def _timed(steps: Mapping[str, Step], seconds: float) -> dict[str, float]:
    """Median seconds of a call; the candidates take turns."""
    each: dict[str, list[float]] = {}
    for name, step in steps.items():
        step()
        each[name] = [_once(step)]
    while any(sum(times) < seconds for times in each.values()) and len(next(iter(each.values()))) < MOST:
        for name, times in each.items():
            if sum(times) < seconds or len(times) < 2:
                times.append(_once(steps[name]))
    return {name: float(np.median(times)) for name, times in each.items()}


def _once(step: Step) -> float:
    start = time.perf_counter()
    step()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start
