"""All pairs of generators from what was kept: adjusted together, honest about few seeds and what is missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from synmedbench.benchmark import Data, Record, read_record, write_record
from synmedbench.benchmark._pairwise import Asked, compare_pairs, variance_of
from synmedbench.core import benjamini_hochberg
from synmedbench.metrics import difference_of, left_out

KINDS = {
    "real-holdout": "reference",
    "noise": "reference",
    "a": "generator",
    "b": "generator",
    "far": "aligned",
}
SHIFT = {"real-holdout": 0.0, "noise": 3.0, "a": 0.1, "b": 0.1, "far": 1.5}


def kept(seeds: int, metrics=("frechet_distance",)):
    rng = np.random.default_rng(0)
    real = rng.standard_normal((60, 5))
    found = {}
    for seed in range(seeds):
        for name, shift in SHIFT.items():
            rows = rng.standard_normal((50, 5)) + shift
            for each in left_out(real, rows, metrics, seed=seed):
                found[(name, seed, each.metric)] = each
    return found


def asked(seeds: int, metric="frechet_distance", higher=False) -> Asked:
    return Asked(metric, "domain", list(range(seeds)), higher)


def test_generators_and_the_ceiling_are_compared_but_no_other_reference():
    found = compare_pairs(kept(1), KINDS, asked(1))
    pairs = {(each.a, each.b) for each in found}
    with_ceiling = {(name, "real-holdout") for name in ("a", "b", "far")}
    assert pairs == {("a", "b"), ("a", "far"), ("b", "far")} | with_ceiling
    assert [each.p_adjusted for each in found] == pytest.approx(
        benjamini_hochberg([each.p for each in found]).tolist()
    )


def test_one_seed_is_the_difference_of_its_images():
    material = kept(1)
    one = next(each for each in compare_pairs(material, KINDS, asked(1)) if (each.a, each.b) == ("a", "far"))
    alone = difference_of(material["a", 0, "frechet_distance"], material["far", 0, "frechet_distance"])
    assert (one.value, one.lo, one.hi, one.p) == (alone.value, alone.lo, alone.hi, alone.p)


@pytest.mark.parametrize(
    ("seeds", "scope", "better"), [(1, "images", None), (2, "images", None), (5, "seeds", "a")]
)
def test_from_fewer_than_five_seeds_nothing_is_claimed(seeds, scope, better):
    found = {(each.a, each.b): each for each in compare_pairs(kept(seeds), KINDS, asked(seeds))}
    apart, same = found["a", "far"], found["a", "b"]
    assert apart.p_adjusted < 0.05 < same.p_adjusted
    assert (apart.scope, apart.better, same.better) == (scope, better, None)
    assert len(apart.per_seed) == seeds
    assert apart.value == pytest.approx(np.mean(apart.per_seed))


def test_a_higher_is_better_metric_turns_the_verdict():
    found = {(e.a, e.b): e for e in compare_pairs(kept(5, ("coverage",)), KINDS, asked(5, "coverage", True))}
    assert found["a", "far"].value > 0
    assert found["a", "far"].better == "a"


def test_the_images_variance_does_not_shrink_with_seeds():
    one, five = kept(1), kept(5)
    width = {}
    for seeds, material in ((1, one), (2, {key: value for key, value in five.items() if key[1] < 2})):
        row = next(e for e in compare_pairs(material, KINDS, asked(seeds)) if (e.a, e.b) == ("a", "far"))
        width[seeds] = row.hi - row.lo
    assert width[2] > 0.6 * width[1]
    alone = difference_of(one["a", 0, "frechet_distance"], one["far", 0, "frechet_distance"])
    t = 2.093  # 19 degrees of freedom
    assert variance_of(alone) == pytest.approx(((alone.hi - alone.lo) / 2 / t) ** 2, rel=1e-3)


def test_what_is_missing_has_a_reason_and_takes_no_part():
    material = kept(2)
    del material["b", 1, "frechet_distance"]
    found = {(e.a, e.b): e for e in compare_pairs(material, KINDS, asked(2), {("b", 1): "its stage failed"})}
    assert found["a", "b"].reason == "its stage failed"
    assert (found["a", "b"].p, found["a", "b"].p_adjusted, found["a", "b"].value) == (None, None, None)
    tested = [each for each in found.values() if each.p is not None]
    assert len(tested) == 3
    material["far", 0, "frechet_distance"] = replace(material["far", 0, "frechet_distance"], real="others")
    found = {(e.a, e.b): e for e in compare_pairs(material, KINDS, asked(2))}
    assert "different real images" in found["a", "far"].reason


def test_nothing_to_compare():
    assert compare_pairs({}, {"real-holdout": "reference"}, asked(1)) == []
    assert compare_pairs({}, KINDS, asked(1))[0].reason == "a has no replicates of seed 0"


def test_records_without_comparisons_stay_readable(tmp_path):
    data = Data(
        name="d",
        licence="",
        source="",
        content_hash="",
        n=1,
        image_size=8,
        decoding="",
        classes=[],
        splits={},
    )
    fixed = {
        "name": "x",
        "status": "complete",
        "created": "",
        "asked": {},
        "generators": [],
        "code": {},
        "machine": {},
    }
    old = Record.model_validate({**fixed, "seeds": [0], "data": data.model_dump()})
    assert old.comparisons == []
    rows = compare_pairs(kept(1), KINDS, asked(1))
    write_record(old.model_copy(update={"comparisons": rows}), tmp_path / "record.json")
    assert read_record(tmp_path / "record.json").comparisons == rows
