"""Bad features raise one clear ValueError; odd ones give finite numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest

from synmedbench.core import UserError
from synmedbench.metrics import (
    authenticity,
    cmmd,
    frechet_distance,
    frechet_interval,
    kernel_distance,
    kernel_interval,
    nearest,
    nearest_others,
    prdc,
    prdc_interval,
    vendi_interval,
    vendi_score,
)

GOOD = np.random.default_rng(0).standard_normal((20, 4))
PAIRS: list[Callable[..., object]] = [
    frechet_distance, kernel_distance, prdc, cmmd, authenticity,
    frechet_interval, kernel_interval, prdc_interval,
]  # fmt: skip
BAD = {
    "NaN": np.where(np.arange(20)[:, None] == 3, np.nan, GOOD),
    "infinity": np.where(np.arange(20)[:, None] == 3, np.inf, GOOD),
    "rank 1": GOOD[0],
    "rank 3": GOOD[None],
    "other D": GOOD[:, :3],
    "no rows": GOOD[:0],
    "no columns": GOOD[:, :0],
    "overflow": GOOD * 1e80,
    "text": np.full((20, 4), "a"),
}


@pytest.mark.parametrize("function", PAIRS)
@pytest.mark.parametrize("fault", BAD)
@pytest.mark.parametrize("first", [True, False])
def test_bad_features_raise(function: Callable[..., object], fault: str, first: bool) -> None:
    with pytest.raises(UserError) as error:
        function(*((BAD[fault], GOOD) if first else (GOOD, BAD[fault])))
    assert isinstance(error.value, ValueError)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("function", PAIRS)
def test_one_row_raises(function: Callable[..., object]) -> None:
    with pytest.raises(UserError, match="at least 2"):
        function(GOOD[:1], GOOD)


def test_the_row_at_fault_is_named() -> None:
    with pytest.raises(UserError, match="the first is row 3") as error:
        frechet_distance(GOOD, BAD["NaN"])
    assert error.value.where == "synthetic"


@pytest.mark.parametrize("k", [0, -1, 20, 100])
def test_impossible_neighbour_counts_raise(k: int) -> None:
    for call in (
        lambda: prdc(GOOD, GOOD, k),
        lambda: nearest_others(GOOD, k),
        lambda: prdc_interval(GOOD, GOOD, k),
    ):
        with pytest.raises(UserError, match="neighbours"):
            call()
    with pytest.raises(UserError, match="neighbours"):
        nearest(GOOD, GOOD[:10], max(k, 11) if k > 0 else k)


def test_vendi_refuses_directionless_rows_and_orders() -> None:
    with pytest.raises(UserError, match="row 1 is all zeros"):
        vendi_score([[1.0, 0.0], [0.0, 0.0]])
    for q in (0, -1, float("nan")):
        with pytest.raises(UserError, match="order q"):
            vendi_score(GOOD, q)


def test_intervals_need_ten_patients() -> None:
    patients = np.repeat(np.arange(5), 4)
    for call in (
        lambda: frechet_interval(GOOD, GOOD, patients),
        lambda: kernel_interval(GOOD, GOOD, patients),
        lambda: prdc_interval(GOOD, GOOD, 2, groups_real=patients),
        lambda: vendi_interval(GOOD, groups=patients),
    ):
        with pytest.raises(UserError, match="5 independent"):
            call()
    with pytest.raises(UserError, match="one group for each row"):
        frechet_interval(GOOD, GOOD, patients[:3])


ONE_HUGE = GOOD.copy()
ONE_HUGE[3, 1] = 1e12
ODD = {
    "constant": np.ones((20, 4)),
    "duplicated": np.repeat(GOOD[:2], 10, axis=0),
    "n < D": np.random.default_rng(1).standard_normal((20, 50)),
    "two rows": GOOD[:2],
    "one column": GOOD[:, :1],
    "dead column": GOOD * np.array([1, 1, 0, 1]),
    "one huge value": ONE_HUGE,
    "tiny": GOOD * 1e-150,
    "float32": GOOD.astype(np.float32),
    "integers": np.arange(80).reshape(20, 4),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_features_give_finite_numbers(name: str) -> None:
    odd = ODD[name]
    other = np.random.default_rng(2).standard_normal((15, odd.shape[1]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for x, y in ((odd, other), (other, odd), (odd, odd)):
            values = [
                frechet_distance(x, y),
                kernel_distance(x, y),
                cmmd(x, y),
                *prdc(x, y, 1),
                authenticity(x, y),
            ]
            values += [vendi_score(x, q) for q in (0.5, 1, 2, np.inf)]
            assert all(type(value) is float for value in values)
            assert np.isfinite(values).all()
            assert values[0] >= 0
        scale = max(1.0, float(np.var(odd, axis=0, ddof=1).sum()))
        assert frechet_distance(odd, odd) <= 1e-9 * scale


@pytest.mark.parametrize("name", [name for name in ODD if name != "two rows"])
def test_odd_features_give_finite_intervals(name: str) -> None:
    odd = ODD[name]
    other = np.random.default_rng(2).standard_normal((24, odd.shape[1]))
    intervals = [
        frechet_interval(odd, other),
        kernel_interval(odd, other),
        vendi_interval(odd),
        *prdc_interval(odd, other, 2, replicates=20),
        *prdc_interval(odd, odd, 2, replicates=20),
    ]
    for interval in intervals:
        assert np.isfinite([interval.lo, interval.value, interval.hi]).all()
        assert interval.lo <= interval.value <= interval.hi
