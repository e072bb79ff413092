"""A very large grid must be meant: cells, gigabytes and hours are told before anything is opened or computed."""

from __future__ import annotations

import pytest

from synmedbench.benchmark import plan_run, read_recipe, run_recipe
from synmedbench.benchmark._size_guard import Size, cells_asked, refuse, refuse_unmeant
from synmedbench.core import UserError, silent

HUGE = [f"seeds={list(range(200))}", f"classifiers.n_real={list(range(1, 60))}"]


def test_a_hundred_thousand_cells_are_refused_before_an_image_is_opened():
    recipe = read_recipe("augmentation-quick", [*HUGE, "imageset.path=/nowhere/at/all"])
    assert cells_asked(recipe) > 100_000
    with pytest.raises(
        UserError, match=r"\d{3},\d{3} cells, about [\d.]+ GB of disk and about [\d.]+ hours.*--yes"
    ):
        refuse_unmeant(recipe, 2, yes=False)
    refuse_unmeant(recipe, 2, yes=True)


def test_nothing_is_written_for_a_run_that_was_refused(tmp_path):
    recipe = read_recipe("augmentation-quick", [*HUGE, "imageset.path=/nowhere/at/all"])
    with pytest.raises(UserError, match="this run is large"):
        plan_run(recipe, tmp_path / "x")
    with pytest.raises(UserError, match="this run is large"):
        run_recipe(recipe, tmp_path / "x", progress=silent())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("size", "large"),
    [
        (Size(2_000, 20.0, 24 * 3600, True), False),
        (Size(2_001, 0.1, 60, True), True),
        (Size(10, 20.1, 60, True), True),
        (Size(10, 0.1, 24 * 3600 + 1, True), True),
    ],
)
def test_what_is_large(size, large):
    assert size.too_large is large


def test_the_refusal_is_one_line_with_figures_and_a_way_on():
    with pytest.raises(UserError) as caught:
        refuse(Size(3_000, 0.01, 7200, False))
    told = str(caught.value)
    assert "\n" not in told
    assert "3,000 cells, under 0.1 GB of disk and about 2.0 hours, guessed by the number of cells" in told
    assert "--yes" in told


def test_a_recipe_without_a_grid_has_nothing_to_augment(tmp_path):
    recipe = read_recipe("augmentation-quick", ["classifiers=null", "claims=[]"])
    with pytest.raises(UserError, match="has no grid of classifiers"):
        plan_run(recipe, tmp_path, grid_only=True)
