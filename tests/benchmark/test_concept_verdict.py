"""The verdict on a new concept, on made-up seeds of known truth."""

from __future__ import annotations

import numpy as np
import pytest

from synmedbench.benchmark import ConceptRow
from synmedbench.benchmark._concept import concept_verdict, concept_verdicts
from synmedbench.benchmark._recipe import ConceptPart

CONTROLS = ("untaught", "real-only", "shuffled")
PART = ConceptPart(column="subtype", where={"label": "a"}, values=["x", "y"], methods=["draft"])


def rows(asked, other, seeds=5, method="draft", plausible=0.8, noise=0.01):
    draw = np.random.default_rng(sum(map(ord, method)))
    found = []
    for seed in range(seeds):
        for value in ("x", "y"):
            shares = {"asked_confirmed": asked[value], "other_confirmed": other[value]}
            shares = {name: share + draw.normal(0, noise) for name, share in shares.items()}
            found.append(ConceptRow(method=method, seed=seed, value=value, n=100, **shares))
        found.append(ConceptRow(method=method, seed=seed, value=None, n=100, plausible=plausible))
    return found


def ignoring(share_of_x, quality, method, **more):
    """An arm that does not look at the column: it shows x in that share of its good images, whatever is asked."""
    shares = {"x": quality * share_of_x, "y": quality * (1 - share_of_x)}
    return rows(shares, shares, method=method, **more)


def controls(**more):
    return [row for name in CONTROLS for row in ignoring(0.6, 0.6, name, **more)]


def test_a_model_that_tells_the_values_apart_was_taught():
    taught = rows({"x": 0.8, "y": 0.7}, {"x": 0.2, "y": 0.1})
    (found,) = concept_verdicts(PART, [*controls(), *taught], range(5))
    assert found.verdict == "taught"
    assert set(found.gains) == set(found.apart) == set(CONTROLS)
    assert np.mean(found.gains["untaught"]) == pytest.approx(0.45, abs=0.02)
    assert found.price == pytest.approx([0.0] * 5)


def test_drawing_better_without_looking_at_the_column_teaches_nothing():
    better = ignoring(0.6, 0.95, "draft")
    (found,) = concept_verdicts(PART, [*controls(), *better], range(5))
    assert min(found.gains["untaught"]) > 0.1
    assert found.verdict == "not shown"


def test_showing_one_value_always_teaches_nothing():
    always = rows({"x": 0.9, "y": 0.0}, {"x": 0.9, "y": 0.0})
    (found,) = concept_verdicts(PART, [*controls(), *always], range(5))
    assert found.verdict == "not shown"


def test_one_control_that_does_as_well_is_enough_for_not_shown():
    taught = rows({"x": 0.8, "y": 0.7}, {"x": 0.2, "y": 0.1})
    as_good = rows({"x": 0.8, "y": 0.7}, {"x": 0.2, "y": 0.1}, method="shuffled")
    others = [row for row in controls() if row.method != "shuffled"]
    (found,) = concept_verdicts(PART, [*others, *as_good, *taught], range(5))
    assert found.verdict == "not shown"


def test_four_seeds_or_a_seed_of_which_a_value_is_missing_are_not_enough():
    taught = rows({"x": 0.8, "y": 0.7}, {"x": 0.2, "y": 0.1})
    (few,) = concept_verdicts(PART, [*controls(seeds=4), *taught], range(5))
    assert few.verdict == "cannot be known from these data"
    assert "5 needed" in few.words
    gone = [row for row in taught if (row.seed, row.value) != (2, "y")]
    gone.append(ConceptRow(method="draft", seed=2, value="y", n=0, reason="its stage failed"))
    (found,) = concept_verdicts(PART, [*controls(), *gone], range(5))
    assert found.verdict == "cannot be known from these data"
    assert "its stage failed" in found.words


def test_nothing_measured_is_said_so():
    assert concept_verdict({"a": []}, {"a": []}) == ("cannot be known from these data", "no seed is finished")


def test_of_models_that_teach_nothing_few_are_called_taught():
    draw, called = np.random.default_rng(0), 0
    for _ in range(300):
        gains = {name: draw.normal(0, 0.05, 5).tolist() for name in CONTROLS}
        apart = {name: draw.normal(0, 0.1, 5).tolist() for name in CONTROLS}
        called += concept_verdict(gains, apart)[0] == "taught"
    assert called <= 8


def test_a_verdict_is_not_explained_by_the_failure_of_another_method():
    part = PART.model_copy(update={"methods": ["draft", "kto"]})
    lost = [ConceptRow(method="kto", seed=0, value="x", n=0, reason="kto broke")]
    draft, kto = concept_verdicts(part, [*controls(seeds=2), *lost], range(5))
    assert "kto broke" in kto.words
    assert "kto broke" not in draft.words
