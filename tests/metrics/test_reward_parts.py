"""Splitting ratings by image, calibration, automatic feedback."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from synmedbench.classifiers import Settings
from synmedbench.core import UserError
from synmedbench.metrics._reward_augment import check_augmentation, reward_augmented
from synmedbench.metrics._reward_card import MIN_FOR_ECE, numbers_on, platt, reward_card
from synmedbench.metrics._reward_data import Rated, criteria_table, encode, folds, vocabulary
from synmedbench.metrics._reward_fit import Feedback, _balanced, answers_loss, automatic_loss
from synmedbench.metrics._reward_network import RewardNetwork


def rated(images: np.ndarray, verdicts: np.ndarray) -> Rated:
    return Rated(images, np.ones((len(images), 1), np.int64), verdicts.astype(float), np.ones(len(images)))


def feedback(n_labels: int) -> Feedback:
    none = rated(np.zeros((0, 1, 1, 3), np.uint8), np.zeros(0))
    return Feedback(none, None, n_labels, "none", 1.0, Settings())


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
    first = float(automatic_loss(network, features, codes, feedback(3)).detach())
    for _ in range(80):
        optimiser.zero_grad()
        loss = automatic_loss(network, features, codes, feedback(3))
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) < 0.1 < first
    assert float(network.judge(features[:1], torch.tensor([[1]])).detach()) > 0
    assert float(network.judge(features[:1], torch.tensor([[2]])).detach()) < 0


def test_unlabelled_real_images_teach_nothing() -> None:
    network = RewardNetwork(torch.nn.Identity(), 4, [3], seed=0)
    loss = automatic_loss(network, torch.rand(2, 4, requires_grad=True), torch.tensor([[0], [0]]), feedback(3))
    assert float(loss.detach()) == 0.0
    loss.backward()


def test_a_real_image_meets_every_criterion_under_its_own_label_alone() -> None:
    network = RewardNetwork(torch.nn.Identity(), 4, [2], criteria=2, seed=0).eval()
    features, codes = torch.eye(4)[:2] * 3, torch.tensor([[1], [2]])
    optimiser = torch.optim.Adam(network.parameters(), lr=0.05)
    for _ in range(60):
        optimiser.zero_grad()
        automatic_loss(network, features, codes, feedback(2)).backward()
        optimiser.step()
    _, own = network.both(features, codes)
    assert float(own.detach().min()) > 1
    verdict, _ = network.both(features, codes.flip(0))
    assert float(verdict.detach().max()) < 0


def test_what_nobody_could_tell_is_no_answer() -> None:
    logits = torch.tensor([[0.0, 9.0], [0.0, -9.0]], requires_grad=True)
    answers = torch.tensor([[1.0, float("nan")], [0.5, float("nan")]])
    loss = answers_loss(logits, answers)
    assert float(loss.detach()) == pytest.approx(np.log(2))
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[:, 1].tolist() == [0.0, 0.0]
    assert float(answers_loss(logits[:, 1:], answers[:, 1:]).detach()) == 0.0


def test_tables_of_answers() -> None:
    table = pd.DataFrame({"size": [1, 0, None], "colour": [0.5, np.nan, 1.0], "nobody asked": [np.nan] * 3})
    names, answers = criteria_table(table, 3)
    assert names == ["size", "colour"]
    assert answers is not None
    np.testing.assert_array_equal(answers, [[1, 0.5], [0, np.nan], [np.nan, 1]])
    assert criteria_table(None, 3) == ([], None)
    assert criteria_table(table[["nobody asked"]], 3) == ([], None)
    for wrong, told in (
        (table[:2], "3 images but 2 rows"),
        (pd.DataFrame({"size": ["yes", "no", "no"]}), "must be numbers"),
        (pd.DataFrame({"size": [1, 2, 0]}), "between 0"),
        (pd.DataFrame({"size": [1, np.inf, 0]}), "between 0"),
        (pd.DataFrame([[1, 0]] * 3, columns=["size", "size"]), "same name"),
    ):
        with pytest.raises(UserError, match=told):
            criteria_table(wrong, 3)


def test_shuffled_answers_stay_with_their_verdicts() -> None:
    verdicts = np.r_[np.ones(5), np.zeros(5)]
    images, codes = np.zeros((10, 1, 1, 3), np.uint8), np.ones((10, 1), np.int64)
    whole = Rated(images, codes, verdicts, np.ones(10), verdicts[:, None])
    mixed = whole.shuffled(np.random.default_rng(0).permutation(10))
    assert mixed.verdicts.tolist() != verdicts.tolist()
    assert mixed.answers[:, 0].tolist() == mixed.verdicts.tolist()


def test_by_class_numbers_and_what_is_lacking() -> None:
    draw = np.random.default_rng(1)
    n = 3 * MIN_FOR_ECE
    verdicts = draw.integers(0, 2, n).astype(float)
    logits = 3 * (verdicts - 0.5) + draw.normal(size=n)
    labels = ["many"] * (2 * MIN_FOR_ECE) + ["some"] * (MIN_FOR_ECE - 3) + ["few"] * 3
    found = numbers_on(logits, verdicts, labels, expit(logits), 0)
    rows = found["by_class"]
    assert sum(row["n"] for row in rows.values()) == n
    assert rows["many"]["reason"] is None
    assert rows["many"]["auroc"] == pytest.approx(found["auroc"], abs=0.05)
    assert rows["some"]["ece"] is None
    assert rows["some"]["auroc"] is not None
    assert "47 ratings, 50 needed for ECE" in rows["some"]["reason"]
    assert rows["few"]["auroc"] is None
    assert "5 of each needed" in rows["few"]["reason"]


def test_jitter_shifts_a_little_and_keeps_what_is_seen() -> None:
    dot = torch.zeros(64, 3, 32, 32)
    dot[:, :, 16, 16] = 1.0
    made = reward_augmented(dot, "none+jitter", torch.Generator().manual_seed(0))
    place = made.mean(1).flatten(1).argmax(1)
    rows, columns = (place // 32).tolist(), (place % 32).tolist()
    assert set(rows) == set(columns) == {14, 15, 16, 17, 18}
    assert made.min() >= 0
    assert 0 < float((made[:, :, 0] - dot[:, :, 0]).abs().mean()) < 0.03
    again = reward_augmented(dot, "none+jitter", torch.Generator().manual_seed(0))
    torch.testing.assert_close(made, again)
    with pytest.raises(UserError, match=r"did you mean 'dihedral\+jitter'"):
        check_augmentation("dihedral+jiter")


def test_a_class_with_many_ratings_is_not_said_to_have_too_few():
    logits, verdicts = np.linspace(-1, 1, 60), np.r_[np.zeros(3), np.ones(57)]
    card = reward_card(
        logits, verdicts, ["a"] * 60, swap=(np.zeros(0), np.zeros(0)), n_ratings=240, n_real=0, seed=0
    )
    assert "50 needed for ECE" not in card["by_class"]["a"]["reason"]
    assert "to calibrate probabilities" in card["by_class"]["a"]["reason"]
