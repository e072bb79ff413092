"""Strata: tones by the field's groups, never from pixels; too small is a reason, not a number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synmedbench.core import UserError
from synmedbench.imagesets import ImageSet, count_strata, fitzpatrick, stratum_of, tone_group, too_small


def labelled(**columns: list[Any]) -> ImageSet:
    n = len(next(iter(columns.values())))
    return ImageSet.from_arrays(np.zeros((n, 2, 2, 3), np.uint8), pd.DataFrame(columns))


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, 1), ("VI", 6), (" iv ", 4), ("Type 3", 3), ("Fitzpatrick type II", 2), (5.0, 5), ("5", 5)]
    + [(value, None) for value in (0, -1, 7, 2.5, "", "unknown", None, math.nan, pd.NA, "VII")],
)
def test_fitzpatrick_reads_the_usual_spellings(value: Any, expected: int | None) -> None:
    assert fitzpatrick(value) == expected


@given(st.integers(1, 6))
def test_groups_join_two_types_each(number: int) -> None:
    assert tone_group(number) == ("I-II", "III-IV", "V-VI")[(number - 1) // 2]
    assert tone_group(tone_group(number)) == tone_group(number)


def test_tone_column_is_grouped_and_gaps_are_unknown() -> None:
    images = labelled(skin_tone=[1, 2, 3, 6, None, -1])
    assert count_strata(images, "skin_tone") == {"I-II": 2, "III-IV": 1, "V-VI": 1, "unknown": 2}


def test_tone_is_not_read_off_pixels() -> None:
    with pytest.raises(UserError, match="tone is not read off pixels"):
        stratum_of(labelled(label=["a"]), "skin_tone")


def test_other_columns_are_taken_as_text() -> None:
    assert stratum_of(labelled(site=["x", None, "y"]), "site").tolist() == ["x", "unknown", "y"]


def test_too_small_says_how_many_are_needed() -> None:
    assert too_small("V-VI", 49) == "not enough data: 49 images in V-VI, 50 needed"
    assert too_small("V-VI", 50) is None
