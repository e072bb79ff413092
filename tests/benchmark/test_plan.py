"""What numbers could show: formulas where there are any, spread between real images where not, reasons for none."""

from __future__ import annotations

import pytest
from command_line import call, one_line

from synmedbench.benchmark import Detectable, plan_numbers, plan_recipe, read_recipe
from synmedbench.core import detectable_mean_difference, detectable_share_difference

SD = "SD between seeds"
SMALL = ["imageset.path=phantom-derm?n=500&size=32&diseases=2&seed=0"]


def planned(*changes: str, measure: bool = False) -> dict[tuple[str, str, str], Detectable]:
    found = plan_recipe(read_recipe("tiny", [*SMALL, *changes]), measure=measure)
    assert all((row.difference is None) == (row.reason is not None) for row in found)
    return {(row.what, row.stratum, row.unit): row for row in found}


@pytest.fixture(scope="module")
def measured() -> dict[tuple[str, str, str], Detectable]:
    return planned("imageset.min_stratum=20", "seeds=[0,1,2,3,4]", measure=True)


def test_shares_are_counted_in_patients(measured):
    row = measured["coverage", "all", "share"]
    images, patients = (int(word) for word in row.counts.split() if word.isdigit())
    assert patients < images
    assert row.difference == detectable_share_difference(patients, patients, 0.5)
    judged = measured["share judged plausible by H", "label=melanoma", "share"]
    assert judged.difference > measured["share judged plausible by H", "all", "share"].difference


def test_differences_over_seeds_need_five(measured):
    assert measured["any score of generators", "all", SD].difference == detectable_mean_difference(5, 1.0)
    few = planned("seeds=[0,1]")["gain of a classifier", "all", SD]
    assert few.difference is None
    assert "2 seeds, 5 needed" in few.reason


def test_small_strata_are_named():
    rows = planned("imageset.min_stratum=35")
    small = rows["coverage", "skin_tone=I-II", "share"]
    assert small.difference is None
    assert small.reason == f"not enough data: {small.counts} in I-II, 35 needed"
    assert "not asked for skin_tone" in rows["share judged plausible by H", "skin_tone", "share"].reason


def test_a_column_that_is_asked_for_is_planned():
    rows = planned("conditions=[label,skin_tone]", "imageset.min_stratum=10")
    assert rows["share judged plausible by H", "skin_tone=III-IV", "share"].counts.endswith("images")


def test_distances_are_measured_between_real_images(measured):
    row = measured["frechet_distance", "all", "frechet_distance"]
    assert row.difference > 0
    assert "texture" in row.about
    stratum = measured["kernel_distance", "label=melanoma", "kernel_distance"]
    assert stratum.difference > measured["kernel_distance", "all", "kernel_distance"].difference
    small = measured["kernel_distance", "skin_tone=I-II", "kernel_distance"]
    assert small.difference is None
    assert "20 needed" in small.reason


def test_the_measured_plan_is_the_same_again(measured):
    again = planned("imageset.min_stratum=20", "seeds=[0,1,2,3,4]", measure=True)
    assert again == measured


def test_without_a_recipe():
    rows = {row.what: row for row in plan_numbers(300, 200, seeds=3, ratings=200)}
    assert rows["share judged plausible by raters"].difference == pytest.approx(0.1, abs=0.005)
    assert rows["any score, over seeds"].difference is None
    assert rows["precision"].difference == detectable_share_difference(200, 200, 0.5)
    assert "to 1.00" in plan_numbers(4, 4)[0].reason


def test_the_command():
    done = call("plan", "--n-real", "300", "--n-synthetic", "200", "--seeds", "2")
    assert done.returncode == 0
    assert "0.0989" in done.stdout
    assert "2 seeds, 5 needed" in done.stdout
    done = call("plan", "tiny", "--no-measure", "--set", SMALL[0])
    assert done.returncode == 0
    assert "skin tone V-VI" in done.stdout


@pytest.mark.parametrize(
    "words", [(), ("tiny", "--n-real", "3"), ("--n-real", "3"), ("no-such-recipe",), ("tiny", "--set", "x=1")]
)
def test_what_cannot_be_planned_is_told_in_one_line(words):
    done = call("plan", *words)
    assert done.returncode == 1
    assert one_line(done)
