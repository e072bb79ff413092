"""Frozen classifiers from features alone: the same head as from images, phases, mixes, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from synmedbench.classifiers import FeatureMemory, TimmClassifier
from synmedbench.classifiers._head import fit_head
from synmedbench.classifiers._linear import Scale, minimise
from synmedbench.core import UserError


@pytest.fixture(scope="module")
def model() -> TimmClassifier:
    return TimmClassifier("test_resnet", weights="random", frozen=True, steps=200)


def images(n: int = 20, size: int = 32, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    drawn = np.random.default_rng(seed).integers(0, 200, (n, size, size, 3), dtype=np.uint8)
    drawn[::2, 8:20, 8:20, 0] = 255
    return drawn, ["red", "other"] * (n // 2)


def blobs(n: int = 90, width: int = 12, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    return (rng.normal(size=(n, width)) + 4 * np.eye(3, width)[y]).astype(np.float32), [str(k) for k in y]


@pytest.mark.parametrize("kind", ["flip", "classical"])
def test_features_give_the_same_head_as_images(model: TimmClassifier, kind: str) -> None:
    pixels, labels = images()
    weights = np.linspace(0.5, 2, len(labels))
    fitted = model.fit(pixels, labels, seed=4, augment=kind, sample_weights=weights, memory=FeatureMemory())
    head = model.fit_features(
        model.embed(pixels), labels, seed=4, views=model.embed_views(pixels, kind, 4), sample_weights=weights
    )
    np.testing.assert_allclose(head.logits_of(model.embed(pixels)), fitted.logits(pixels), atol=1e-4)
    assert head.final_loss == fitted.final_loss
    assert head.classes == fitted.classes


def test_embedding_reads_mapped_images_row_by_row_alike(model: TimmClassifier, tmp_path: Path) -> None:
    pixels, _ = images(50)
    np.save(tmp_path / "images.npy", pixels)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    whole = model.embed(pixels)
    np.testing.assert_array_equal(model.embed(mapped), whole)
    np.testing.assert_array_equal(model.embed(pixels[33:35]), whole[33:35])
    assert model.embed(pixels[:0]).shape == (0, whole.shape[1])
    assert whole.dtype == np.float32
    assert model.embed_views(pixels[:0], "classical", 0) == []


def test_the_feature_key_follows_what_changes_features_and_nothing_else() -> None:
    def key(**options: object) -> str:
        return TimmClassifier("test_resnet", weights="random", frozen=True, **options).feature_key  # type: ignore[arg-type]

    assert key() == key(penalty=0.5, steps=9, augment="classical", learning_rate=0.1)
    assert len({key(), key(in_size=64), key(mean=0.3), key(interpolation="bilinear")}) == 4


def test_a_head_is_calibrated_without_being_changed(model: TimmClassifier) -> None:
    x, y = blobs()
    head = model.fit_features(x[:60], y[:60], seed=0)
    scaled = head.scaled_on(x[60:], y[60:])
    assert head.temperature == 1.0
    assert scaled.temperature != 1.0
    np.testing.assert_allclose(scaled.logits_of(x) * scaled.temperature, head.logits_of(x))
    np.testing.assert_allclose(head.predict_of(x).sum(1), 1.0)
    assert head.logits_of(x).dtype == np.float64


def test_a_weight_of_zero_takes_a_row_out_of_the_loss(model: TimmClassifier) -> None:
    x, y = blobs()
    wrong = [str((int(k) + 1) % 3) for k in y]
    head = model.fit_features(
        np.concatenate([x, x]), y + wrong, seed=0, sample_weights=np.r_[np.ones(90), np.zeros(90)]
    )
    plain = model.fit_features(x, y, seed=0)
    np.testing.assert_allclose(head.predict_of(x), plain.predict_of(x), atol=1e-3)


def test_synthetic_then_real_ends_between_the_two_heads() -> None:
    x, y = blobs()
    targets = np.array([int(k) for k in y])
    swapped = (targets + 1) % 3
    both, labels = np.concatenate([x, x]), np.concatenate([targets, swapped])
    first = np.arange(90, 180)

    def belief(rows: np.ndarray, truth: np.ndarray, **how: object) -> float:
        """Mean probability of the labels that the last rows bear."""
        head = fit_head(
            rows, truth, np.ones(len(truth)), ("0", "1", "2"), seed=0, steps=300, penalty=0.1, **how
        )  # type: ignore[arg-type]
        return float(head.predict_of(x)[np.arange(90), targets].mean())

    last_alone, first_alone = belief(x, targets), belief(x, swapped)
    after = belief(both, labels, first=first)
    assert first_alone < 0.2 < 0.5 < after < last_alone - 0.02


def test_a_ridge_towards_a_head_is_the_minimum_of_its_loss() -> None:
    x, y = blobs()
    targets = np.array([int(k) for k in y])
    inner = Scale.of(x).inner(x)
    start = np.random.default_rng(1).normal(size=(3, 13))
    found, loss, slope = minimise(inner, targets, np.ones(90), 3, steps=300, penalty=0.2, towards=start)
    assert slope < 1e-5
    for other in (start, found + 0.01, np.zeros((3, 13))):
        logits = inner.numpy() @ other[:, :-1].T + other[:, -1]
        mean = -(logits[np.arange(90), targets] - np.log(np.exp(logits).sum(1))).mean()
        objective = mean + 0.1 * ((other - start)[:, :-1] ** 2).sum()
        assert loss + 0.1 * ((found - start)[:, :-1] ** 2).sum() <= objective + 1e-9


@pytest.mark.parametrize("how", [{"loss": "focal"}, {"mix": "mixup"}, {"mix": "cutmix"}])
def test_other_losses_and_mixes_learn_too_and_are_repeatable(
    model: TimmClassifier, how: dict[str, str]
) -> None:
    x, y = blobs(150)
    head, again = (model.fit_features(x[:90], y[:90], seed=2, **how) for _ in range(2))  # type: ignore[arg-type]
    right = np.array(head.classes)[head.predict_of(x[90:]).argmax(1)] == np.array(y[90:])
    assert right.mean() > 0.85
    np.testing.assert_array_equal(head.coefficients, again.coefficients)
    plain = model.fit_features(x[:90], y[:90], seed=2)
    assert not np.allclose(plain.coefficients, head.coefficients, atol=1e-3)


def test_a_larger_penalty_makes_a_simpler_head() -> None:
    x, y = blobs()
    sizes = [
        float((TimmClassifier("test_resnet", weights="random", frozen=True, penalty=penalty)
               .fit_features(x, y, seed=0).coefficients ** 2).sum())
        for penalty in (0.001, 0.1, 10.0)
    ]  # fmt: skip
    assert sizes == sorted(sizes, reverse=True)


def test_hard_features_never_give_nan(model: TimmClassifier) -> None:
    x, y = blobs(30)
    for hard in (np.zeros_like(x), x * 1e6, np.repeat(x[:1], 30, 0), np.concatenate([x[:, :1]] * 12, 1)):
        head = model.fit_features(hard.astype(np.float32), y, seed=0)
        assert np.isfinite(head.predict_of(x)).all()
    few = model.fit_features(x[:2], y[:2], classes=["0", "1", "2"], seed=0)
    assert few.predict_of(x).shape == (30, 3)


def test_what_is_not_features_is_told(model: TimmClassifier) -> None:
    x, y = blobs(30)
    broken = x.copy()
    broken[7, 2] = np.nan
    with pytest.raises(UserError, match="row 7"):
        model.fit_features(broken, y, seed=0)
    with pytest.raises(UserError, match="same shape"):
        model.fit_features(x, y, seed=0, views=[x[:5]])
    with pytest.raises(UserError, match="30 images but 29 labels"):
        model.fit_features(x, y[:29], seed=0)
    with pytest.raises(UserError, match="nothing to train on"):
        model.fit_features(x[:0], [], classes=["0", "1"], seed=0)
    with pytest.raises(UserError, match="takes features of shape"):
        model.fit_features(x, y, seed=0).logits_of(x[:, :5])
    for first, words in (([30], "row numbers"), ([1, 1], "twice"), (list(range(30)), "none to the second")):
        with pytest.raises(UserError, match=words):
            model.fit_features(x, y, seed=0, first=np.array(first))
    with pytest.raises(UserError, match="trained whole"):
        TimmClassifier().fit_features(x, y, seed=0)
    with pytest.raises(UserError, match="penalty"):
        TimmClassifier(penalty=float("nan"))
    with pytest.raises(UserError, match="no augmentation"):
        model.embed_views(images()[0], "clasical", 0)
