"""Plausibility against gain: the mixed model's slope, and that few generators prove nothing."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import linregress

from synmedbench.benchmark._mixed import few_generators, mixed_slope
from synmedbench.core import UserError, wilson


def planted(draw, generators: int, classes: int, slope: float):
    """A measure per generator, a gain that goes with it, and effects of generator and class of their own."""
    measure, own = draw.uniform(0.2, 0.9, generators), draw.normal(0, 0.02, generators)
    by_class = draw.normal(0, 0.02, classes)
    place = [(g, k) for g in range(generators) for k in range(classes)]
    x = np.array([measure[g] for g, _ in place])
    y = np.array([own[g] + by_class[k] for g, k in place]) + slope * x + draw.normal(0, 0.01, len(place))
    return x, y, [f"g{g}" for g, _ in place], [f"Klasse {k}" for _, k in place]


def test_a_planted_slope_is_found():
    pytest.importorskip("statsmodels")
    found = mixed_slope(*planted(np.random.default_rng(0), 16, 5, 0.3))
    assert found.lo < 0.3 < found.hi
    assert found.p < 0.001


def test_the_slope_is_in_units_of_the_measure():
    pytest.importorskip("statsmodels")
    x, y, generators, classes = planted(np.random.default_rng(0), 10, 4, 0.2)
    one, other = (mixed_slope(scale * x, y, generators, classes) for scale in (1.0, 1000.0))
    assert other.value * 1000 == pytest.approx(one.value, rel=1e-3)
    assert other.p == pytest.approx(one.p, abs=1e-3)


def test_without_statsmodels_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "statsmodels", None)
    monkeypatch.setitem(sys.modules, "statsmodels.regression", None)
    monkeypatch.setitem(sys.modules, "statsmodels.regression.mixed_linear_model", None)
    with pytest.raises(UserError, match=r"synmedbench\[stats\]"):
        mixed_slope([1, 2, 2, 3, 4, 5], [1, 2, 4, 3, 6, 5], list("aabbcc"), list("xyxyxy"))


def test_one_value_for_each_generator_is_the_slope_of_their_means():
    x, y, generators, classes = planted(np.random.default_rng(0), 8, 4, 0.2)
    found = mixed_slope(x, y, generators, classes)
    places = [[g == name for g in generators] for name in dict.fromkeys(generators)]
    means = [np.array([values[place].mean() for place in places]) for values in (x, y)]
    line = linregress(*means)
    assert found.value == pytest.approx(line.slope)
    assert found.p == pytest.approx(line.pvalue)


def test_a_fit_that_did_not_converge_is_refused(monkeypatch):
    mixed = pytest.importorskip("statsmodels.regression.mixed_linear_model")
    fitted = SimpleNamespace(converged=False, params=np.ones(2), bse=np.ones(2))
    monkeypatch.setattr(mixed.MixedLM, "fit", lambda *_, **__: fitted)
    with pytest.raises(UserError, match="did not converge"):
        mixed_slope([1, 2, 2, 3, 4, 5], [1, 2, 4, 3, 6, 5], list("aabbcc"), list("xyxyxy"))


@pytest.mark.parametrize(
    ("measure", "gain", "words"),
    [
        ([1, 1, 1], [1, 2, 3], "same value"),
        ([1, 2, 3], [1, 1, 1], "same gain"),
        ([1, 2, np.nan], [1, 2, 3], "finite"),
    ],
)
def test_bad_input(measure, gain, words):
    with pytest.raises(UserError, match=words):
        mixed_slope(measure, gain, list("abc"), list("xyz"))


def test_few_generators_or_seeds_prove_nothing():
    assert "6 generators, 8 needed" in (few_generators(6, 10) or "")
    assert "4 seeds" in (few_generators(8, 4) or "")
    assert few_generators(8, 5) is None


@pytest.mark.slow
@pytest.mark.parametrize("generators", [8, 12])
def test_no_slope_is_rarely_called_shown(generators):
    pytest.importorskip("statsmodels")
    draw = np.random.default_rng(generators)
    shown = sum(mixed_slope(*planted(draw, generators, 6, 0.0)).p < 0.05 for _ in range(200))
    assert wilson(shown, 200, 0.99).lo <= 0.05
