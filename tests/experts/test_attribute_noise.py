"""Noise of annotators: two of them show the kappa they were made from, whatever the margins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.core import UserError
from synmedbench.experts import annotate, cohen_kappa, error_rate, guess_share

PUBLISHED = [
    (0.79, {"small": 0.54, "big": 0.46}),
    (0.88, {"bi": 0.25, "multi": 0.09, "irregular": 0.13, "round": 0.18, "band": 0.16, "indented": 0.19}),
    (0.93, {"low": 0.79, "high": 0.21}),
    (0.86, {"densely": 0.88, "loosely": 0.12}),
    (0.91, {"light": 0.62, "blue": 0.21, "purple": 0.17}),
    (0.99, {"nil": 0.4, "small": 0.2, "round": 0.2, "coarse": 0.2}),
]
N = 6000


@pytest.mark.parametrize(("kappa", "margins"), PUBLISHED)
def test_two_annotators_show_the_kappa(kappa: float, margins: dict[str, float]) -> None:
    truth = [str(v) for v in np.random.default_rng(0).choice(list(margins), N, p=list(margins.values()))]
    keys = [str(i) for i in range(N)]
    one, two = (annotate(truth, keys, "x", kappa, margins, seed=seed) for seed in (1, 2))
    again = annotate(truth, keys, "x", kappa, margins, seed=1, repeat=1)
    for a, b in ((one, two), (one, again)):
        found = cohen_kappa(a, b, level=0.999)
        assert found.lo <= kappa <= found.hi
    wrong = float(np.mean([a != b for a, b in zip(one, truth, strict=True)]))
    expected = error_rate(kappa, margins)
    assert abs(wrong - expected) < 4 * np.sqrt(expected * (1 - expected) / N)


def test_merging_values_keeps_the_kappa() -> None:
    kappa, margins = PUBLISHED[1]
    truth = [str(v) for v in np.random.default_rng(1).choice(list(margins), N, p=list(margins.values()))]
    keys = [str(i) for i in range(N)]
    lobed = {"bi", "multi", "band"}
    one, two = (
        [v in lobed for v in annotate(truth, keys, "x", kappa, margins, seed=seed)] for seed in (3, 4)
    )
    found = cohen_kappa(one, two, level=0.999)
    assert found.lo <= kappa <= found.hi


def test_draws_depend_on_image_attribute_seed_and_repeat_alone() -> None:
    margins = {"a": 0.5, "b": 0.5}
    keys = [str(i) for i in range(200)]
    whole = annotate(["a"] * 200, keys, "x", 0.25, margins, seed=1)
    assert annotate(["a"] * 2, [keys[50], keys[7]], "x", 0.25, margins, seed=1) == [whole[50], whole[7]]
    for other in ({"seed": 2}, {"seed": 1, "repeat": 1}):
        assert annotate(["a"] * 200, keys, "x", 0.25, margins, **other) != whole
    assert annotate(["a"] * 200, keys, "y", 0.25, margins, seed=1) != whole
    assert annotate([], [], "x", 0.25, margins, seed=1) == []


@given(kappa=st.floats(0.01, 1.0), shares=st.lists(st.floats(0.01, 1.0), min_size=2, max_size=6))
@settings(max_examples=60, deadline=None)
def test_the_formula_is_cohens_definition(kappa: float, shares: list[float]) -> None:
    """The exact joint table of two such annotators, and kappa from it."""
    margins = np.array(shares) / np.sum(shares)
    g = guess_share(kappa)
    see = (1 - g) * np.eye(len(margins)) + g * margins[None, :]
    joint = np.einsum("t,ti,tj->ij", margins, see, see)
    observed, expected = np.trace(joint), joint.sum(0) @ joint.sum(1)
    assert (observed - expected) / (1 - expected) == pytest.approx(kappa, abs=1e-9)
    named = {str(i): float(m) for i, m in enumerate(margins)}
    assert error_rate(kappa, named) == pytest.approx(1 - float(margins @ np.diag(see)), abs=1e-9)


def test_kappas_outside_their_range_are_refused() -> None:
    for kappa in (0.0, -0.1, 1.01, float("nan")):
        with pytest.raises(UserError, match="kappa must be"):
            guess_share(kappa)
