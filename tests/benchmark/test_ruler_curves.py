"""Scores read off the self-check's curves: right, with their bounds, and never beyond what was measured."""

from __future__ import annotations

import pytest
from self_check_sample import curve, document

from synmedbench.benchmark import curve_readings, read_curves
from synmedbench.benchmark._ruler_curves import invert

FD = curve("frechet_distance", "blur", (10, 20, 40, 100, 200), (0.5, 1, 2, 4), expected=1)
COPIES = curve("authenticity", "copies", (0.9, 0.85, 0.7, 0.5), (0.01, 0.05, 0.2), expected=-1)
JPEG = curve("frechet_distance", "jpeg", (10, 30, 60, 90), (95, 75, 50), expected=1)


@pytest.mark.parametrize(("value", "strength"), [(10, 0.0), (15, 0.25), (70, 1.5), (200, 4.0)])
def test_a_reading_inverts_the_curve(value, strength):
    assert invert(FD, value).strength == pytest.approx(strength)


def test_nothing_is_extrapolated():
    found = document(FD)
    assert invert(FD, 500).where == "beyond"
    assert invert(FD, 5).where == "none"
    assert read_curves(found, "frechet_distance", "e", 500) == (
        "as far from real as a blur of sigma 4 px, or farther"
    )
    assert read_curves(found, "frechet_distance", "e", 5) == "as near to real as other real images"


def test_words_have_the_bounds_of_the_score():
    found = document(FD, COPIES)
    assert read_curves(found, "frechet_distance", "e", 70, 40, 300) == (
        "as far from real as a blur of sigma 1.5 px [1, more]"
    )
    assert read_curves(found, "authenticity", "e", 0.6, 0.5, 0.95) == "as 12.5% copies [none, 20%]"


def test_jpeg_quality_falls_and_has_no_value_for_none():
    assert invert(JPEG, 75).strength == pytest.approx(62.5)
    assert invert(JPEG, 20).where == "below"
    assert read_curves(document(JPEG), "frechet_distance", "e", 75, 60, 90).endswith("quality 62 [50, 75]")
    assert read_curves(document(JPEG), "frechet_distance", "e", 75, 20, 90).endswith("quality 62 [milder, 50]")
    assert (
        read_curves(document(JPEG), "frechet_distance", "e", 20) == "nearer to real than a JPEG of quality 95"
    )


def test_a_curve_that_turns_back_is_not_read_and_a_plateau_is():
    back = curve("recall", "blur", (0.8, 0.5, 0.7, 0.2), (0.5, 1, 2), expected=-1)
    flat = curve("recall", "blur", (0.8, 0.4, 0.0, 0.0), (0.5, 1, 2), expected=-1)
    assert invert(back, 0.6).where == "unsteady"
    assert read_curves(document(back), "recall", "e", 0.6) == ""
    assert invert(flat, 0.6).strength == pytest.approx(0.25)
    assert (invert(flat, 0.0).where, invert(flat, 0.0).strength) == ("beyond", 1.0)


def test_a_curve_that_does_not_see_its_fault_is_not_read():
    blind = curve("precision", "copies", (0.8, 0.7, 0.6), (0.1, 0.2), expected=0, verdict="moves")
    weak = curve("coverage", "blur", (0.8, 0.7, 0.6), (0.5, 1), expected=-1, verdict="does not see")
    assert curve_readings(document(blind, weak), "precision", "e", 0.65) == []
    assert curve_readings(document(blind, weak), "coverage", "e", 0.65) == []


def test_a_score_at_other_numbers_of_images_is_not_read():
    found = document(FD)
    assert read_curves(found, "frechet_distance", "e", 70, counts=(300, 300))
    assert read_curves(found, "frechet_distance", "e", 70, counts=(300, 1000)) == ""
    assert read_curves(found, "frechet_distance", "another", 70) == ""
