"""Ratings and preferences as the rating page and simulated experts make them, for tests of exchange."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from synmedbench.experts import check_ratings

QUESTIONS = ("size", "label", "time")
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
notes = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20)


def event_rows(event: str, rater: str, image: str, **more: Any) -> list[dict[str, Any]]:
    """Rows of one rating: its verdict where ``named``, then each answer."""
    answers: dict[str, str] = dict(more.pop("answers", {}))
    named = more.pop("named", True)
    shared = {
        "time": None,
        "rater": rater,
        "image": image,
        "image_key": f"key-{image}",
        "imageset": "set",
        "label": "acne",
        "requested": json.dumps({"label": "acne"}),
        "criteria": "skin",
        "criteria_version": 1,
        "plausible": None,
        "repeat": 0,
        "seconds": None,
        "study": None,
        "origin": None,
        "withdrawn": 0,
        **more,
    }
    if named and shared["plausible"] is not None:
        answers["verdict"] = "yes" if shared["plausible"] else "no"
    return [
        {
            **shared,
            "event_id": f"{event}:{name}" if named else f"{event}/{name}",
            "criterion": name,
            "answer": answer,
        }
        for name, answer in answers.items()
    ]


@st.composite
def rating_tables(draw: st.DrawFn) -> pd.DataFrame:
    """Tables as raters make them: named ratings with a verdict, and unnamed ones as simulated experts give."""
    rows: list[dict[str, Any]] = []
    shown = draw(st.lists(st.tuples(st.sampled_from("abc"), texts, st.integers(0, 2)), min_size=1, max_size=6,
                          unique=True))  # fmt: skip
    for number, (rater, image, repeat) in enumerate(shown):
        named = draw(st.booleans())
        answers = draw(
            st.dictionaries(
                st.sampled_from(QUESTIONS),
                st.sampled_from(["yes", "no", "cannot tell"]),
                min_size=0 if named else 1,
            )
        )
        if draw(st.booleans()):
            answers["realism"] = str(draw(st.integers(1, 5)))
        if draw(st.booleans()):
            answers["note"] = draw(notes)
        rows += event_rows(
            f"event-{number}",
            rater,
            image,
            answers=answers,
            named=named,
            plausible=draw(st.sampled_from([0, 1] if named else [0, 1, None])),
            repeat=repeat,
            seconds=draw(st.none() | st.floats(0, 1e6)),
            time=draw(st.sampled_from([None, "2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05.123Z"])),
            study=draw(st.sampled_from([None, "blood-1"])),
            origin=draw(st.sampled_from([None, "real", "diffusion:unet"])),
            requested=draw(st.sampled_from([None, '{"label": "acne", "skin_tone": 5}'])),
            imageset=draw(st.none() | texts),
            label=draw(st.none() | texts),
            criteria_version=draw(st.integers(1, 3)),
        )
    return check_ratings(pd.DataFrame(rows))


def in_order(ratings: pd.DataFrame, *, ids: bool = True) -> pd.DataFrame:
    """Rows in an order of their own; without ids where a form cannot carry them."""
    names = ["rater", "image", "repeat", "criterion"]
    kept = ratings if ids else ratings.drop(columns="event_id")
    return kept.sort_values(names, kind="stable").reset_index(drop=True)
