"""Numbers, estimates over seeds, and gains."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_record import sample_record

from synmedbench.benchmark import CellRow, ScoreRow
from synmedbench.core import paired_t, t_interval
from synmedbench.reports._estimates import estimate
from synmedbench.reports._names import clean
from synmedbench.reports._numbers import interval, number, p_value
from synmedbench.reports._utility import best_gain, gains


def row(seed: int, value: float | None, half: float | None = None, reason: str | None = None) -> ScoreRow:
    bounds = {"lo": value - half, "hi": value + half} if value is not None and half is not None else {}
    return ScoreRow(
        generator="g",
        imageset="s",
        extractor="e",
        metric="m",
        seed=seed,
        value=value,
        reason=reason,
        **bounds,
    )


@given(st.floats(1e-6, 1e9) | st.floats(-1e9, -1e-6))
def test_numbers_keep_three_significant_digits(value: float) -> None:
    assert math.isclose(float(number(value).replace(",", "")), value, rel_tol=5.1e-3)


@given(st.floats(-1e6, 1e6), st.floats(0, 1e4), st.floats(0, 1e4))
def test_the_bounds_of_an_interval_have_equal_decimals(value: float, below: float, above: float) -> None:
    text = interval(value, value - below, value + above).replace(",", "").replace("[", "").replace("]", "")
    places = {len(part.partition(".")[2]) for part in text.split()}
    assert len(places) == 1


def test_p_values_are_never_smaller_than_the_page_says() -> None:
    assert p_value(1e-12) == "p < 0.001"
    assert p_value(0.0321) == "p = 0.032"
    assert p_value(None) == ""


@given(st.text())
def test_clean_text_has_no_control_characters(text: str) -> None:
    assert all(letter.isprintable() for letter in clean(text))


def test_few_seeds_are_shown_and_their_own_intervals_spanned() -> None:
    found = estimate([row(1, 2.0, 0.5), row(0, 1.0, 0.25)])
    assert (found.value, found.lo, found.hi) == (1.5, 0.75, 2.5)
    assert found.few
    assert found.seeds_text == "1.00 · 2.00"


def test_from_five_seeds_on_the_interval_is_over_seeds() -> None:
    values = [1.0, 1.2, 0.9, 1.1, 1.3]
    plain = estimate([row(seed, value) for seed, value in enumerate(values)])
    expected = t_interval(values)
    assert (plain.lo, plain.hi) == pytest.approx((expected.lo, expected.hi))
    wider = estimate([row(seed, value, 0.5) for seed, value in enumerate(values)])
    assert wider.lo is not None
    assert plain.lo is not None
    assert wider.lo < plain.lo
    assert not plain.few


def test_a_null_in_one_seed_is_never_averaged_away() -> None:
    found = estimate([row(0, 1.0), row(1, None, reason="not enough data")])
    assert found.value is None
    assert found.text == "not enough data (seed 1)"


def cell(arm: str, seed: int, value: float, generator: str | None = None, n: int = 8) -> CellRow:
    return CellRow(
        arm=arm, generator=generator, n_real_train=n, ratio=2.0 if generator else 0.0, classifier="c", seed=seed,
        n_test=100, metric="macro_auroc", value=value,
    )  # fmt: skip


def test_gains_are_paired_by_seed_and_number_of_real_images() -> None:
    cells = [cell("real-only", s, 0.5 + 0.1 * s) for s in range(5)]
    cells += [cell("real+synthetic", s, 0.52 + 0.1 * s + 0.002 * s, "g") for s in range(5)]
    cells += [cell("real+synthetic", 0, 0.9, "g", n=32), cell("real+shuffled-synthetic", 0, 0.99, "g")]
    found = gains(sample_record(cells=cells))
    assert list(found) == ["g"]
    best = best_gain(found["g"])
    assert best is not None
    assert best.of == 1
    expected = paired_t([0.52 + 0.002 * s for s in range(5)], [0.5] * 5)
    assert (best.mean, best.lo, best.hi) == pytest.approx((expected.value, expected.lo, expected.hi))
    assert best.seeds_text == ""


def test_no_gain_without_a_baseline() -> None:
    assert gains(sample_record(cells=[cell("real+synthetic", 0, 0.9, "g")])) == {}
    assert best_gain([]) is None
