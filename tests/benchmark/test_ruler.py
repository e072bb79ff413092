from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synmedbench.benchmark import ScoreRow, as_blur
from synmedbench.benchmark._ruler import read_ruler

MARKS = {0.0: 10.0, 0.5: 20.0, 1.0: 40.0, 2.0: 100.0}


@given(st.floats(10, 100))
def test_reading_inverts_the_ruler(value):
    import numpy as np

    sigma, _ = as_blur(value, MARKS)
    assert sigma is not None
    assert np.interp(sigma, list(MARKS), list(MARKS.values())) == pytest.approx(value)


def test_never_beyond_the_marks():
    assert as_blur(5.0, MARKS) == (0.0, "as near to real as other real images")
    sigma, words = as_blur(500.0, MARKS)
    assert sigma is None
    assert words == "farther from real than a blur of sigma 2 px"


def test_a_score_that_falls_with_blur_is_read_too():
    assert as_blur(0.5, {0.0: 0.9, 1.0: 0.1})[0] == pytest.approx(0.5)


def test_an_unsteady_ruler_is_not_read():
    assert as_blur(15, {0.0: 10, 1.0: 30, 2.0: 20})[0] is None


def test_reads_the_reference_arms_of_a_record():
    def row(name: str, value: float) -> ScoreRow:
        return ScoreRow(
            generator=name, imageset="x", extractor="e", metric="m", seed=0, value=value, lo=value, hi=value
        )

    values = {"real-holdout": 10.0, "blur:1": 20.0, "blur:2": 40.0, "gan": 30.0}
    readings = read_ruler([row(*item) for item in values.items()], list(values), metric="m", extractor="e")
    assert [(r.generator, r.blur_sigma, r.words) for r in readings] == [
        ("gan", 1.5, "as far from real as a blur of sigma 1.5 px")
    ]
