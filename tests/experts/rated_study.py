"""A made-up study of known truth: raters with their own strictness, images with their own quality."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from synmedbench.core import rng
from synmedbench.experts import RATING_COLUMNS, check_ratings

QUESTIONS = ("size", "colour")


def study(
    shares: Mapping[str, float],
    *,
    n: int = 60,
    raters: Sequence[str] = ("anna", "ben", "cleo"),
    overlap: float = 0.3,
    repeats: float = 0.2,
    slip: float = 0.05,
    strict: Mapping[str, float] | None = None,
    name: str = "study",
    seed: int = 0,
) -> pd.DataFrame:
    """Ratings of ``n`` images of each origin, of which a share is plausible; a rater errs with chance ``slip``,
    and fails a plausible image with his own chance ``strict``."""
    dice = rng(seed, "made-up study")
    images = [(origin, i, bool(dice.random() < share)) for origin, share in shares.items() for i in range(n)]
    shared = dice.random(len(images)) < overlap
    owner = dice.permutation(len(images)) % len(raters)
    rows: list[dict[str, object]] = []
    for r, rater in enumerate(raters):
        mine = [image for k, image in enumerate(images) if shared[k] or owner[k] == r]
        order = [mine[k] for k in dice.permutation(len(mine))]
        again = [(image, 1) for image in order[: int(repeats * len(order))]]
        for place, (image, repeat) in enumerate([*((image, 0) for image in order), *again]):
            origin, i, good = image
            passed = good and dice.random() >= (strict or {}).get(rater, 0.0)
            passed ^= bool(dice.random() < slip)
            answers = {"verdict": "yes" if passed else "no"}
            answers |= {q: "yes" if passed or dice.random() < 0.5 else "no" for q in QUESTIONS}
            answers["realism"] = str(int(np.clip(round(2 + 2 * good + dice.standard_normal()), 1, 5)))
            wish = {"label": ["nevus", "acne"][i % 2], "skin_tone": ["I-II", "V-VI"][i // 2 % 2]}
            time = f"2026-01-05T10:{place // 60:02d}:{place % 60:02d}Z"
            seconds = float(4 + dice.exponential(2))
            for criterion, answer in answers.items():
                rows.append(
                    {
                        "event_id": f"{name}-{rater}-{place}:{criterion}", "time": time,
                        "rater": rater, "image": f"{origin}-{i}.png", "image_key": f"key-{origin}-{i}",
                        "imageset": f"set of {origin}", "label": wish["label"],
                        "requested": json.dumps(wish),
                        "criterion": criterion, "answer": answer, "criteria": "skin", "criteria_version": 1,
                        "plausible": int(passed), "repeat": repeat, "seconds": seconds,
                        "study": name, "origin": origin, "withdrawn": 0,
                    }
                )  # fmt: skip
    return check_ratings(pd.DataFrame(rows, columns=list(RATING_COLUMNS)))
