"""Jackknife values by the derivative, beside the exact ones."""

from __future__ import annotations

import numpy as np
import pytest

from synmedbench.metrics import _first_order, _frechet, _vendi
from synmedbench.metrics._checks import unit_rows


@pytest.fixture(autouse=True)
def _narrow_sets_too(monkeypatch):
    monkeypatch.setattr(_first_order, "WIDE", 2)


def error_of(left_out) -> float:
    values = np.asarray(left_out)
    return float(np.sqrt((len(values) - 1) / len(values) * ((values - values.mean()) ** 2).sum()))


def drawn(n: int, width: int, heavy: bool = False) -> tuple:
    rng = np.random.default_rng(n + width)
    x, y = (rng.standard_normal((n, width)) / np.sqrt(np.arange(1, width + 1)) for _ in range(2))
    if heavy:
        x, y = (rows * np.exp(0.5 * rng.standard_normal((n, 1))) for rows in (x, y))
    y[:, : width // 4] *= 0.7
    labels = tuple(rng.permutation(n) % 20 for _ in range(2))
    return x, y + 0.05, labels


@pytest.mark.parametrize("heavy", [False, True])
@pytest.mark.parametrize("per_feature", [4.3, 8, 30])
def test_frechet_errors_are_those_of_the_exact_jackknife(monkeypatch, per_feature, heavy):
    ratios = []
    for width in (32, 48, 64):
        x, y, labels = drawn(int(width * per_feature), width, heavy)
        first = _frechet.frechet_without_blocks(x, y, labels)
        with monkeypatch.context() as patch:
            patch.setattr(_frechet, "MANY", 10**9)
            exact = _frechet.frechet_without_blocks(x, y, labels)
        assert not np.array_equal(first, exact)
        ratios.append(error_of(first) / error_of(exact))
    assert 0.9 < np.mean(ratios) < (1.5 if heavy else 1.1)


def test_vendi_errors_are_those_of_the_exact_jackknife(monkeypatch):
    _, y, labels = drawn(900, 40)
    first = _vendi.vendi_without_blocks(y, labels[1])
    monkeypatch.setattr(_vendi, "MANY", 10**9)
    exact = _vendi.vendi_without_blocks(y, labels[1])
    assert error_of(first) / error_of(exact) == pytest.approx(1, abs=0.06)
    assert np.mean(first) == pytest.approx(np.mean(exact), rel=0.01)


def test_the_derivative_is_the_limit_of_leaving_one_image_out():
    x, y, _ = drawn(20_000, 6)
    labels = tuple(np.where(np.arange(len(rows)) == 0, 1, 2 * (np.arange(len(rows)) % 2)) for rows in (x, y))
    first = _first_order.frechet_to_first_order(x, y, labels)
    assert first is not None
    whole, without = _frechet.frechet_distance(x, y), _frechet.frechet_distance(x[1:], y[1:])
    assert first[1] - whole == pytest.approx(without - whole, rel=0.01)
    rows = unit_rows(y)
    entropy = np.log(_vendi.vendi_score(rows))
    moved = np.log(_vendi.vendi_score(rows[1:])) - entropy
    assert _first_order.entropy_to_first_order(rows, labels[1])[1] - entropy == pytest.approx(moved, rel=0.05)


@pytest.mark.parametrize("spoil", ["constant column", "doubled column", "one image often"])
def test_covariances_without_full_rank_are_left_to_the_exact_way(spoil):
    x, y, labels = drawn(200, 8)
    if spoil == "constant column":
        x[:, 3] = 1.0
    elif spoil == "doubled column":
        y[:, 3] = y[:, 4]
    else:
        y[:] = y[0]
    assert _first_order.frechet_to_first_order(x, y, labels) is None
    assert np.isfinite(_frechet.frechet_without_blocks(x, y, labels)).all()


def test_narrow_or_few_features_stay_exact(monkeypatch):
    monkeypatch.undo()
    assert not _first_order.takes_derivative(10**6, 511, 4)
    assert not _first_order.takes_derivative(2047, 512, 4)
    assert _first_order.takes_derivative(2048, 512, 4)


def test_directions_without_images_move_no_entropy():
    _, y, labels = drawn(400, 8)
    y[:, 5] = 0.0
    with_it = _first_order.entropy_to_first_order(unit_rows(y), labels[1])
    without = _first_order.entropy_to_first_order(unit_rows(np.delete(y, 5, axis=1)), labels[1])
    assert with_it == pytest.approx(without)
