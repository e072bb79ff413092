"""Early stop: the peak of a score along a trail, and judges that fit what they judge."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from synmedbench.core import UserError, silent
from synmedbench.generators import (
    BestOfN,
    Budget,
    Diffusion,
    Draft,
    Inverted,
    RealOnly,
    RewardWeighted,
    Shuffled,
    Stopped,
    check_evaluator,
    check_judge,
    conditions_like,
    mean_probability,
    sample_images,
    stop_early,
    trains,
)
from synmedbench.generators._finetune import Finetuner, Finetuning
from synmedbench.generators._stop_early import peak
from synmedbench.imagesets import ImageSet


class Judge:
    """P(plausible) by brightness, and what a reward model says of itself."""

    def __init__(self, **about: Any) -> None:
        self.__dict__.update(about)

    def probability(self, images: Any, conditions: pd.DataFrame) -> Any:
        assert list(conditions.columns) == ["label"]
        return images.mean((1, 2, 3)) / 255.0

    def logit(self, images: Any, conditions: pd.DataFrame) -> Any:
        return 8.0 * images.mean((1, 2, 3))


def align(method: Any, base: Any, greys: ImageSet, reward: Any = None, **budget: Any) -> Any:
    wanted = Budget(**{"steps": 6, "batch_size": 8, "snapshots": 3, **budget})
    return method.align(base, reward or Judge(), greys, seed=3, budget=wanted, progress=silent())


@pytest.fixture(scope="module")
def aligned(grey_base: Diffusion, greys: ImageSet) -> Diffusion:
    return align(RealOnly(), grey_base, greys)


def test_the_state_at_the_peak_is_returned(grey_base: Diffusion, aligned: Diffusion) -> None:
    asked = []

    def score(model: Diffusion) -> float:
        step = model.card.settings["aligner"]["step"]
        asked.append(step)
        return {0: 0.1, 2: 0.5, 4: 0.9, 6: 0.8}[step]

    model, stopped = stop_early(grey_base, aligned, score)
    assert stopped == Stopped(4, {0: 0.1, 2: 0.5, 4: 0.9, 6: 0.8})
    assert asked == [0, 2, 4, 6]
    kept = aligned.trail[1].weights
    assert all(torch.equal(a, b) for a, b in zip(model.network.parameters(), kept, strict=True))
    assert (model.card.kind, model.card.settings["aligner"]["step"]) == ("aligned", 4)
    _, earlier = stop_early(grey_base, aligned, score, tolerance=0.45)
    assert earlier.step == 2


def test_the_base_may_win_and_a_tie_goes_to_the_earlier(grey_base: Diffusion, aligned: Diffusion) -> None:
    model, stopped = stop_early(grey_base, aligned, lambda model: 0.5)
    assert (stopped.step, list(stopped.scores)) == (0, [0, 2, 4, 6])
    for a, b in zip(model.network.parameters(), grey_base.network.parameters(), strict=True):
        assert torch.equal(a, b)
    with torch.no_grad():
        next(model.network.parameters()).zero_()
    assert next(grey_base.network.parameters()).abs().sum() > 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0, 1))
def test_the_peak_is_the_first_that_no_later_one_clearly_beats(values: list[float], tolerance: float) -> None:
    scores = dict(enumerate(values))
    step = peak(scores, tolerance)
    assert scores[step] >= max(values) - tolerance
    assert all(value < max(values) - tolerance for value in values[:step])


def test_no_trail_or_no_number_is_told(grey_base: Diffusion, aligned: Diffusion, greys: ImageSet) -> None:
    with pytest.raises(UserError, match="diffusion has no trail: there is nothing to stop early"):
        stop_early(grey_base, grey_base, lambda model: 1.0)
    with pytest.raises(UserError, match="score at step 0 is not a finite number"):
        stop_early(grey_base, aligned, lambda model: float("nan"))
    with pytest.raises(UserError, match="tolerance must be a number of 0 or more"):
        stop_early(grey_base, aligned, lambda model: 1.0, tolerance=-1.0)
    with pytest.raises(UserError, match="at least one image"):
        mean_probability(Judge(), greys, n=0, seed=0)


def test_the_score_is_the_mean_probability_of_the_same_images(grey_base: Diffusion, greys: ImageSet) -> None:
    score = mean_probability(Judge(), greys, n=24, seed=1, batch_size=8)
    assert score(grey_base) == score(grey_base)
    assert mean_probability(Judge(), greys, n=24, seed=2)(grey_base) != score(grey_base)
    drawn = sample_images(grey_base, conditions_like(greys.table, 256), seed=9).images()
    assert score(grey_base) == pytest.approx(float(drawn.mean()) / 255.0, abs=0.05)


def test_an_overdone_alignment_is_stopped_before_its_end(grey_base: Diffusion, greys: ImageSet) -> None:
    """R wants bright without end; E wants grey 150: the peak of E lies where the brightness is nearest to that."""

    class Near(Judge):
        def probability(self, images: Any, conditions: pd.DataFrame) -> Any:
            return np.exp(-(((images.mean((1, 2, 3)) - 150) / 30) ** 2))

    class Overdone(Finetuner):
        """No denoising loss holds it: every predicted image is made brighter, at every step."""

        name = "overdone"

        def loss(self, job: Finetuning) -> Any:
            tokens, sigma = torch.ones((4, 1), dtype=torch.long), torch.tensor([0.2, 1.0, 5.0, 20.0])
            return lambda step: -job.model.network(torch.zeros((4, 3, 8, 8)), sigma, tokens).mean()

    model = align(Overdone(), grey_base, greys, steps=40, snapshots=10, learning_rate=2e-3)
    _, stopped = stop_early(grey_base, model, mean_probability(Near(), greys, n=32, seed=5))
    bright = mean_probability(Judge(), greys, n=32, seed=5)
    means = {each.step: 255 * bright(model.at(each)) for each in model.trail}
    assert means[40] > 200  # the reward alone would have gone there
    nearest = min(means, key=lambda step: abs(means[step] - 150))
    assert 0 < nearest < 40
    assert abs(stopped.step - nearest) <= 4


def test_what_trains_and_what_does_not() -> None:
    assert [trains(each) for each in (Draft(), RealOnly(), Inverted("draft"), BestOfN())] == [True] * 3 + [
        False
    ]
    assert not trains(Shuffled("guidance"))


WORDS = {"label": ["a", "b"]}


@pytest.mark.parametrize(
    ("about", "told"),
    [
        ({"image_size": 32}, "judges images of 32 px, the base makes 8 px"),
        (
            {"columns": ("label", "sex"), "words": {**WORDS, "sex": ["f"]}},
            "judges by 'sex', which the base does not",
        ),
        (
            {"columns": ("label",), "words": {"label": ["a", "bb"]}},
            "never saw label 'b', which the base makes",
        ),
    ],
)
def test_a_judge_of_other_images_is_refused(
    grey_base: Diffusion, greys: ImageSet, about: dict[str, Any], told: str
) -> None:
    with pytest.raises(UserError, match=told):
        check_judge(Judge(**about), grey_base)
    for method in (BestOfN(), RewardWeighted()):
        with pytest.raises(UserError, match=told):
            align(method, grey_base, greys, Judge(**about))
    assert align(RealOnly(), grey_base, greys, Judge(**about), steps=1, snapshots=0)  # asks no reward


def test_a_judge_that_fits_or_says_nothing_is_taken(grey_base: Diffusion) -> None:
    check_judge(Judge(), grey_base)
    check_judge(Judge(image_size=8, columns=("label",), words={"label": ["a", "b", "c"]}), grey_base)


def test_an_evaluator_is_another_judge() -> None:
    def judge(key: str, backbone: str, ratings: str) -> Any:
        return SimpleNamespace(key=key, backbone=backbone, ratings_key=ratings)

    reward = judge("1", "net", "mine")
    with pytest.raises(UserError, match="the evaluator is the reward itself"):
        check_evaluator(judge("1", "net", "mine"), reward)
    with pytest.raises(UserError, match="the reward's backbone and its ratings"):
        check_evaluator(judge("2", "net", "mine"), reward)
    for other in (judge("2", "net", "others"), judge("2", "other", "mine"), judge("2", "net", "")):
        check_evaluator(other, reward)
