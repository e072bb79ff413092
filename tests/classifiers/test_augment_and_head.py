"""Batch augmentation, the linear head, the memory of features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from synmedbench.classifiers import AUGMENTATIONS, FeatureMemory, augment, fit_temperature
from synmedbench.classifiers._linear import logistic_regression
from synmedbench.core import UserError


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_augmentation_is_repeatable_and_stays_in_range(kind: str) -> None:
    x = torch.rand(16, 3, 20, 20, generator=torch.Generator().manual_seed(1))
    a, b = (augment(x, kind, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(a, b)
    assert a.shape == x.shape
    assert 0 <= float(a.min()) <= float(a.max()) <= 1
    assert torch.equal(a, x) == (kind == "none")


def test_flips_and_turns_only_move_pixels() -> None:
    x = torch.rand(64, 3, 6, 6)
    turned = augment(x, "dihedral", torch.Generator().manual_seed(0))
    torch.testing.assert_close(turned.flatten(1).sort(1).values, x.flatten(1).sort(1).values)
    forms = {
        tuple(t.flatten().tolist())
        for t in augment(x[:1].expand(64, -1, -1, -1), "dihedral", torch.Generator())
    }
    assert len(forms) == 8
    mirrored = augment(x, "flip", torch.Generator().manual_seed(0))
    moved = (mirrored != x).flatten(1).any(1)
    assert torch.equal(mirrored[moved], x[moved].flip(3))
    assert 16 < int(moved.sum()) < 48


def test_the_head_is_the_minimum_of_the_penalised_loss() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(150, 6)).astype(np.float32) * [1, 10, 0.1, 1, 1, 1] + 5
    y = (x[:, 0] + x[:, 1] / 10 + rng.normal(size=150) > 5.5).astype(np.int64)
    z = (x - x.mean(0)) / x.std(0)
    coefficients, intercepts, loss = logistic_regression(x.astype(np.float32), y, 2, penalty=0.1, steps=200)
    peer = LogisticRegression(C=1 / (150 * 0.05), tol=1e-8, max_iter=500).fit(z, y)
    ours = x @ (coefficients[1] - coefficients[0]) + intercepts[1] - intercepts[0]
    np.testing.assert_allclose(ours, peer.decision_function(z), atol=2e-3)
    assert 0 < loss < np.log(2)


def test_a_constant_feature_and_separable_classes_never_give_nan() -> None:
    x = np.zeros((10, 3), np.float32)
    x[5:, 1] = 1e6
    coefficients, intercepts, loss = logistic_regression(x, np.repeat([0, 1], 5), 2)
    assert np.isfinite(coefficients).all()
    assert np.isfinite(intercepts).all()
    assert loss < 0.3


def test_memory_on_disk(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 3, 3, 3), dtype=np.uint8)
    memory = FeatureMemory()
    first = memory.rows("net", images, lambda new: new.reshape(len(new), -1).astype(np.float32))
    memory.save(tmp_path / "memory.safetensors")
    back = FeatureMemory.load(tmp_path / "memory.safetensors")

    def never(new: np.ndarray) -> np.ndarray:
        raise AssertionError("computed again")

    np.testing.assert_array_equal(back.rows("net", images[::-1], never), first[::-1])
    with pytest.raises(AssertionError):
        back.rows("another net", images, never)
    with pytest.raises(UserError, match="no feature memory"):
        FeatureMemory.load(tmp_path / "nowhere")


def test_temperature_is_found_where_it_is_known() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 4)) * 2
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    truth = np.array([rng.choice(4, p=row) for row in p])
    assert fit_temperature(logits * 3, truth) == pytest.approx(3.0, rel=0.05)
