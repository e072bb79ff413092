"""Losses of rows, blends of pairs, RandAugment, and when a loss has stopped falling."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.classifiers import still_falling, uniform_loss
from synmedbench.classifiers._losses import check_loss, mixed_batch, mixed_features, row_losses
from synmedbench.classifiers._randaugment import CHANGES, randaugment
from synmedbench.classifiers._train import phased
from synmedbench.core import UserError


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_focal_loss_is_its_formula_for_numbers_and_for_shares() -> None:
    logits = torch.randn(20, 4, generator=stream(), dtype=torch.float64)
    targets = torch.arange(20) % 4
    p = logits.softmax(1)[torch.arange(20), targets]
    torch.testing.assert_close(row_losses(logits, targets, "focal"), -((1 - p) ** 2) * p.log())
    shares = torch.nn.functional.one_hot(targets, 4).double()
    for loss in ("focal", "cross-entropy"):
        torch.testing.assert_close(row_losses(logits, shares, loss), row_losses(logits, targets, loss))


def test_a_uniform_guess_has_the_uniform_loss() -> None:
    logits, targets = torch.zeros(1, 7), torch.tensor([2])
    for loss in ("focal", "cross-entropy"):
        assert row_losses(logits, targets, loss).item() == pytest.approx(uniform_loss(7, loss), abs=1e-6)


def test_unknown_losses_and_mixes_are_told() -> None:
    with pytest.raises(UserError, match="did you mean 'focal'"):
        check_loss("fokal", None)
    with pytest.raises(UserError, match="did you mean 'cutmix'"):
        check_loss("focal", "cutmx")


def test_mixup_is_a_line_between_two_images() -> None:
    unit = torch.rand(64, 3, 5, 5, generator=stream(1))
    blended, partner, own = mixed_batch(unit, "mixup", stream(2))
    share = own.view(-1, 1, 1, 1)
    torch.testing.assert_close(blended, share * unit + (1 - share) * unit[partner])
    assert sorted(partner.tolist()) == list(range(64))


def test_cutmix_takes_every_pixel_from_one_of_two_images_in_the_share_it_says() -> None:
    unit = torch.rand(200, 3, 16, 16, generator=stream(1))
    blended, partner, own = mixed_batch(unit, "cutmix", stream(3))
    mine, theirs = (blended == unit).all(1), (blended == unit[partner]).all(1)
    assert (mine | theirs).all()
    other = partner != torch.arange(200)
    torch.testing.assert_close(mine[other].float().mean((1, 2)), own[other], atol=0.02, rtol=0)
    assert 0.5 < float(own.mean()) < 0.75


def test_shares_are_drawn_from_their_beta_distribution() -> None:
    unit = torch.rand(20_000, 1, 1, 1, generator=stream(1))
    own = mixed_batch(unit, "mixup", stream(4))[2]
    assert float(own.mean()) == pytest.approx(0.5, abs=0.01)
    assert float(own.var()) == pytest.approx(1 / (4 * (2 * 0.2 + 1)), rel=0.03)


def test_mixed_features_keep_the_mass_of_weights_and_classes() -> None:
    rng = np.random.default_rng(0)
    x, y, w = rng.normal(size=(50, 4)).astype(np.float32), rng.integers(0, 3, 50), rng.uniform(0.1, 2, 50)
    blended, shares, weights = mixed_features(x, y, w, 3, "cutmix", 0)
    np.testing.assert_allclose(shares.sum(1), 1.0)
    again = mixed_features(x, y, w, 3, "cutmix", 0)
    np.testing.assert_array_equal(blended, again[0])
    assert weights.min() >= 0.1 - 1e-9
    assert weights.max() <= 2 + 1e-9
    assert blended.dtype == np.float32
    same = np.ones((50, 4), np.float32)
    np.testing.assert_allclose(mixed_features(same, y, w, 3, "mixup", 0)[0], same, rtol=1e-6)


@pytest.mark.parametrize("number", range(len(CHANGES)))
@pytest.mark.parametrize("sign", [-0.3, 0.3])
def test_every_change_of_randaugment_stays_near_the_range_and_finite(number: int, sign: float) -> None:
    unit = torch.rand(6, 3, 9, 12, generator=stream(number))
    unit[0] = 0.0
    unit[1] = 1.0
    changed = CHANGES[number](unit, torch.full((6, 1, 1, 1), sign))
    assert changed.shape == unit.shape
    assert torch.isfinite(changed).all()
    assert float(changed.min()) > -0.6
    assert float(changed.max()) < 1.6


def test_equalise_makes_the_histogram_flat_and_autocontrast_full() -> None:
    unit = (torch.rand(1, 3, 64, 64, generator=stream()) ** 1.5) * 0.5 + 0.1
    flat = CHANGES[2](unit, torch.ones(1, 1, 1, 1))
    counts = torch.histc(flat, 8, 0, 1)
    assert float(counts.max() / counts.min()) < 1.3
    stretched = CHANGES[1](unit, torch.ones(1, 1, 1, 1))
    assert (float(stretched.amin()), float(stretched.amax())) == (0.0, 1.0)


def test_randaugment_draws_for_every_image_by_itself() -> None:
    unit = torch.rand(1, 3, 12, 12, generator=stream()).expand(80, -1, -1, -1).contiguous()
    changed = randaugment(unit, stream(1))
    assert len({tuple(image.flatten().tolist()) for image in changed}) > 40
    assert torch.equal(changed, randaugment(unit, stream(1)))


@settings(max_examples=40)
@given(n=st.integers(2, 30), split=st.integers(1, 29), steps=st.integers(1, 12), batch=st.integers(2, 9))
def test_phases_have_equal_steps_and_never_mix(n: int, split: int, steps: int, batch: int) -> None:
    first = np.arange(n)[-min(split, n - 1) :]
    drawn = list(phased(n, first, steps, batch, seed=3))
    assert [len(rows) for rows in drawn] == [batch] * steps
    assert all(set(rows) <= set(first) for rows in drawn[: steps // 2])
    assert all(not set(rows) & set(first) for rows in drawn[steps // 2 :])


def test_falling_losses_are_seen_through_noise() -> None:
    rng = np.random.default_rng(0)
    noise = 0.2 * rng.normal(size=400)
    assert still_falling(2 - 0.004 * np.arange(400) + noise, 7)
    assert not still_falling(0.4 + noise, 7)
    assert not still_falling(math.log(7) * np.exp(-np.arange(400) / 20) + noise, 7)
    assert still_falling([0.1] * 19, 7)
