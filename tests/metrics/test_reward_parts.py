"""Splitting ratings by image, calibration, automatic feedback."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from synmedbench.metrics._reward_card import platt, reward_card
from synmedbench.metrics._reward_data import Rated, encode, folds, vocabulary
from synmedbench.metrics._reward_fit import _balanced, mismatch_loss
from synmedbench.metrics._reward_network import RewardNetwork


def rated(images: np.ndarray, verdicts: np.ndarray) -> Rated:
    return Rated(images, np.ones((len(images), 1), np.int64), verdicts.astype(float), np.ones(len(images)))


@settings(max_examples=30)
@given(seed=st.integers(0, 99), n=st.integers(8, 60))
def test_equal_images_never_lie_on_both_sides(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 3, (n, 1, 1, 3), dtype=np.uint8)
    fold = folds(rated(images, rng.integers(0, 2, n)), 4, seed)
    names = [image.tobytes() for image in images]
    assert all(
        len({f for f, name in zip(fold, names, strict=True) if name == each}) == 1 for each in set(names)
    )


def test_folds_are_even_in_both_verdicts() -> None:
    images = np.random.default_rng(0).integers(0, 256, (80, 2, 2, 3), dtype=np.uint8)
    verdicts = np.r_[np.ones(60), np.zeros(20)]
    fold = folds(rated(images, verdicts), 4, 0)
    for k in range(4):
        assert (fold == k).sum() == 20
        assert verdicts[fold == k].sum() == 15


@settings(max_examples=10, deadline=None)
@given(a=st.floats(0.3, 3), b=st.floats(-1, 1), seed=st.integers(0, 50))
def test_platt_finds_what_was_planted(a: float, b: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=20_000) * 1.5
    verdicts = (rng.random(20_000) < expit(a * logits + b)).astype(float)
    found = platt(logits, verdicts)
    assert found == pytest.approx((a, b), abs=0.25)


def test_platt_never_turns_the_ranking_round_and_never_explodes() -> None:
    logits = np.r_[np.full(20, -5.0), np.full(20, 5.0)]
    for verdicts in (np.r_[np.zeros(20), np.ones(20)], np.r_[np.ones(20), np.zeros(20)]):
        a, b = platt(logits, verdicts)
        assert 0 < a < 25
        assert np.isfinite(b)


def test_the_card_of_a_useless_model() -> None:
    rng = np.random.default_rng(0)
    verdicts = rng.integers(0, 2, 400).astype(float)
    none = (np.zeros(0), np.zeros(0))
    card = reward_card(
        rng.normal(size=400), verdicts, ["a"] * 400, swap=none, n_ratings=400, n_real=0, seed=0
    )
    assert card["auroc_lo"] < 0.5 < card["auroc_hi"]
    assert card["brier"] == pytest.approx(0.25, abs=0.01)
    assert card["ece"] < 0.08
    assert card["swap_auroc"] is None


def test_too_few_held_out_ratings_give_no_number() -> None:
    none = (np.zeros(0), np.zeros(0))
    card = reward_card(
        np.arange(12.0), np.r_[np.ones(10), 0, 0], ["a"] * 12, swap=none, n_ratings=48, n_real=0, seed=0
    )
    assert card["auroc"] is None
    assert card["reason"].startswith("not enough data: 10 plausible and 2 implausible")


def test_codes_of_conditions() -> None:
    table = pd.DataFrame({"label": ["b", "a", None], "tone": [np.nan, "unknown", 3]})
    words = vocabulary(("label", "tone"), table, None)
    assert words == {"label": ["a", "b"], "tone": ["3"]}
    assert encode(table, words).tolist() == [[2, 0], [1, 0], [0, 1]]
    assert encode(table[["label"]], words)[:, 1].tolist() == [0, 0, 0]


def test_both_verdicts_weigh_the_same() -> None:
    some = rated(np.zeros((40, 1, 1, 3), np.uint8), np.r_[np.ones(30), np.zeros(10)])
    weights = _balanced(some)
    assert weights[:30].sum() == pytest.approx(weights[30:].sum())
    assert weights.mean() == pytest.approx(1.0)


def test_automatic_feedback_teaches_the_label_of_a_feature() -> None:
    torch.manual_seed(0)
    network = RewardNetwork(torch.nn.Identity(), 4, [3], seed=0).eval()
    features, codes = torch.eye(4)[:3] * 3, torch.tensor([[1], [2], [3]])
    optimiser = torch.optim.Adam(network.parameters(), lr=0.02)
    first = float(mismatch_loss(network, features, codes, 3).detach())
    for _ in range(80):
        optimiser.zero_grad()
        loss = mismatch_loss(network, features, codes, 3)
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) < 0.1 < first
    assert float(network.judge(features[:1], torch.tensor([[1]])).detach()) > 0
    assert float(network.judge(features[:1], torch.tensor([[2]])).detach()) < 0


def test_unlabelled_real_images_teach_nothing() -> None:
    network = RewardNetwork(torch.nn.Identity(), 4, [3], seed=0)
    loss = mismatch_loss(network, torch.rand(2, 4, requires_grad=True), torch.tensor([[0], [0]]), 3)
    assert float(loss.detach()) == 0.0
    loss.backward()
