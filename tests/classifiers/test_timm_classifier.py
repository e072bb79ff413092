"""Training: steps equal in all arms, paired by seed, repeatable, saved and read back."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from synmedbench.classifiers import FeatureMemory, FittedClassifier, TimmClassifier, reached_plateau
from synmedbench.classifiers._train import batches, last_tenth
from synmedbench.core import UserError


def coloured(n: int, seed: int = 0, size: int = 32) -> tuple[np.ndarray, list[str]]:
    """Noise with a red or a blue square: separable, but not by the mean alone."""
    rng = np.random.default_rng(seed)
    images = rng.integers(60, 200, (n, size, size, 3), dtype=np.uint8)
    labels = ["red" if i % 2 else "blue" for i in range(n)]
    for i, label in enumerate(labels):
        row, column = rng.integers(0, size - 12, 2)
        images[i, row : row + 12, column : column + 12, 0 if label == "red" else 2] = 250
    return images, labels


@pytest.fixture(scope="module")
def trained() -> FittedClassifier:
    return TimmClassifier(steps=40, batch_size=16).fit(*coloured(64), seed=3)


def test_it_learns_what_the_classes_are(trained: FittedClassifier) -> None:
    images, labels = coloured(80, seed=9)
    p = trained.predict_proba(images)
    right = np.array(trained.classes)[p.argmax(1)] == np.array(labels)
    assert right.mean() > 0.9
    np.testing.assert_allclose(p.sum(1), 1.0, atol=1e-12)
    assert reached_plateau(trained.final_loss, 2)
    assert trained.features(images).dtype == np.float32
    assert trained.features(images).shape[0] == 80


def test_one_seed_gives_one_network(trained: FittedClassifier) -> None:
    again = TimmClassifier(steps=40, batch_size=16).fit(*coloured(64), seed=3)
    other = TimmClassifier(steps=40, batch_size=16).fit(*coloured(64), seed=4)
    assert again.key == trained.key
    assert other.key != trained.key


def test_training_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    TimmClassifier(steps=1, batch_size=4).fit(*coloured(8), seed=1)
    assert torch.equal(torch.rand(3), expected)


def test_initial_weights_depend_on_the_seed_alone() -> None:
    few, many = coloured(8), coloured(24, seed=5)
    a, _ = TimmClassifier()._backbone(32, 11)
    b, _ = TimmClassifier()._backbone(32, 11)
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
    tiny = TimmClassifier(steps=1, batch_size=4, learning_rate=1e-12)
    first, second = tiny.fit(*few, seed=2).state(), tiny.fit(*many, seed=2).state()
    for name in first:
        if "running" not in name and "num_batches" not in name:
            np.testing.assert_allclose(first[name], second[name], atol=1e-9)


def test_batches_pass_over_all_rows_and_have_equal_length() -> None:
    drawn = list(batches(10, 7, 4, seed=0))
    assert [len(rows) for rows in drawn] == [4] * 7
    flat = np.concatenate(drawn)
    assert sorted(flat[:10]) == sorted(flat[10:20]) == list(range(10))
    assert not np.array_equal(flat[:10], flat[10:20])
    np.testing.assert_array_equal(flat, np.concatenate(list(batches(10, 7, 4, seed=0))))


def test_fewer_images_than_a_batch_are_repeated() -> None:
    rows = next(batches(3, 1, 8, seed=1))
    assert len(rows) == 8
    assert set(rows) == {0, 1, 2}
    TimmClassifier(steps=2, batch_size=8).fit(*coloured(2), seed=0)


def test_weights_of_zero_take_an_image_out() -> None:
    images, labels = coloured(32)
    wrong = ["red" if label == "blue" else "blue" for label in labels]
    both, names = np.concatenate([images, images]), labels + wrong
    weights = np.r_[np.ones(32), np.zeros(32)]
    fitted = TimmClassifier(steps=60, batch_size=32).fit(both, names, seed=0, sample_weights=weights)
    test_images, test_labels = coloured(40, seed=8)
    right = np.array(fitted.classes)[fitted.predict_proba(test_images).argmax(1)] == np.array(test_labels)
    assert right.mean() > 0.85


def test_a_class_may_be_absent_from_training() -> None:
    fitted = TimmClassifier(steps=2, batch_size=4).fit(*coloured(8), seed=0, classes=["blue", "green", "red"])
    assert fitted.predict_proba(coloured(3)[0]).shape == (3, 3)


def test_saved_and_read_back(trained: FittedClassifier, tmp_path: object) -> None:
    folder = tmp_path / "classifier"  # type: ignore[operator]
    images, labels = coloured(20, seed=6)
    scaled = trained.scaled_on(images, labels)
    scaled.save(folder)
    back = FittedClassifier.load(folder)
    np.testing.assert_array_equal(back.predict_proba(images), scaled.predict_proba(images))
    assert (back.classes, back.key) == (scaled.classes, scaled.key)
    (folder / "weights.safetensors").unlink()
    with pytest.raises(UserError, match="missing"):
        FittedClassifier.load(folder)


def test_temperature_keeps_the_ranking_and_lowers_the_log_loss(trained: FittedClassifier) -> None:
    images, labels = coloured(60, seed=21)
    labels[:12] = ["red" if label == "blue" else "blue" for label in labels[:12]]
    scaled = trained.scaled_on(images, labels)
    truth = [trained.classes.index(label) for label in labels]
    before, after = (c.predict_proba(images) for c in (trained, scaled))
    np.testing.assert_array_equal(before.argmax(1), after.argmax(1))
    assert np.log(after[range(60), truth]).mean() > np.log(before[range(60), truth]).mean()
    assert trained.temperature == 1.0


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("weights") / "test_resnet.safetensors"
    state = timm.create_model("test_resnet", num_classes=5).state_dict()
    save_file(
        {name: value.half() if value.is_floating_point() else value for name, value in state.items()}, path
    )
    return str(path)


def test_a_frozen_backbone_sees_every_image_once(checkpoint: str) -> None:
    images, labels = coloured(40)
    memory = FeatureMemory()
    classifier = TimmClassifier("test_resnet", weights=checkpoint, frozen=True, in_size=64)
    fitted = classifier.fit(images, labels, seed=0, memory=memory)
    assert len(memory) == 40
    classifier.fit(images[::-1].copy(), labels[::-1], seed=1, memory=memory)
    assert len(memory) == 40
    p = fitted.predict_proba(images)
    assert (np.array(fitted.classes)[p.argmax(1)] == np.array(labels)).mean() > 0.95
    assert np.isfinite(p).all()
    assert fitted.final_loss < 0.3


def test_features_do_not_depend_on_the_neighbours(checkpoint: str) -> None:
    images, labels = coloured(45)
    fitted = TimmClassifier("test_resnet", weights=checkpoint, frozen=True, in_size=64).fit(
        images, labels, seed=0, memory=FeatureMemory()
    )
    together = fitted._compute(images)
    np.testing.assert_array_equal(fitted._compute(images[7:9]), together[7:9])


def test_a_frozen_classifier_is_saved_and_read_back(checkpoint: str, tmp_path: object) -> None:
    images, labels = coloured(16)
    fitted = TimmClassifier("test_resnet", weights=checkpoint, frozen=True, in_size=64).fit(
        images, labels, seed=0
    )
    fitted.save(tmp_path / "frozen")  # type: ignore[operator]
    back = FittedClassifier.load(tmp_path / "frozen")  # type: ignore[operator]
    np.testing.assert_allclose(back.predict_proba(images), fitted.predict_proba(images), atol=1e-6)


def test_finetuning_starts_from_the_weights(checkpoint: str) -> None:
    classifier = TimmClassifier("test_resnet", weights=checkpoint, steps=1, batch_size=4, learning_rate=1e-9)
    fitted = classifier.fit(*coloured(4), seed=0)
    expected = timm.create_model("test_resnet", num_classes=0)
    first = fitted.state()["backbone.conv1.0.weight"]
    assert not np.allclose(first, expected.state_dict()["conv1.0.weight"].numpy(), atol=1e-3)
    again = TimmClassifier("test_resnet", weights=checkpoint, steps=1, batch_size=4, learning_rate=1e-9)
    other = again.fit(*coloured(4, seed=2), seed=5).state()["backbone.conv1.0.weight"]
    np.testing.assert_allclose(first, other, atol=1e-6)


def test_bad_input_is_told_in_one_line() -> None:
    images, labels = coloured(4)
    with pytest.raises(UserError, match="needs weights"):
        TimmClassifier("resnet18", frozen=True)
    with pytest.raises(UserError, match="no augmentation"):
        TimmClassifier(augment="flips")
    with pytest.raises(UserError, match="two classes"):
        TimmClassifier(steps=1).fit(images, ["a"] * 4, seed=0)
    with pytest.raises(UserError, match="4 images but 3 labels"):
        TimmClassifier(steps=1).fit(images, labels[:3], seed=0)
    with pytest.raises(UserError, match="not among the classes"):
        TimmClassifier(steps=1).fit(images, labels, seed=0, classes=["red", "green"])
    with pytest.raises(UserError, match="uint8"):
        TimmClassifier(steps=1).fit(images.astype(np.float32), labels, seed=0)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="sample weights"):
        TimmClassifier(steps=1).fit(images, labels, seed=0, sample_weights=np.array([1.0, np.nan, 1, 1]))


def test_last_tenth_is_the_end_of_training() -> None:
    assert last_tenth([9.0] * 90 + [1.0] * 10) == 1.0
    assert last_tenth([3.0]) == 3.0


@pytest.mark.parametrize("how", [{"loss": "focal"}, {"mix": "mixup"}, {"mix": "cutmix"}, {"augment": "randaugment"},
                                 {"first": np.arange(32, 64)}])  # fmt: skip
def test_every_way_to_train_learns_and_is_repeatable(how: dict[str, object], trained: FittedClassifier) -> None:
    fitted = TimmClassifier(steps=40, batch_size=16).fit(*coloured(64), seed=3, **how)  # type: ignore[arg-type]
    assert fitted.key != trained.key
    assert len(fitted.losses) == 40
    short = TimmClassifier(steps=2, batch_size=4)
    assert len({short.fit(*coloured(64), seed=3, **how).key for _ in range(2)}) == 1  # type: ignore[arg-type]
    images, labels = coloured(80, seed=9)
    right = np.array(fitted.classes)[fitted.predict_proba(images).argmax(1)] == np.array(labels)
    assert right.mean() > 0.75


def test_synthetic_then_real_forgets_what_the_first_half_taught() -> None:
    images, labels = coloured(64)
    wrong = ["red" if label == "blue" else "blue" for label in labels]
    model = TimmClassifier(steps=80, batch_size=16)
    fitted = model.fit(
        np.concatenate([images, images]), labels + wrong, seed=0, first=np.arange(64, 128), classes=["blue", "red"]
    )
    seen, truth = coloured(60, seed=4)
    right = np.array(fitted.classes)[fitted.predict_proba(seen).argmax(1)] == np.array(truth)
    assert right.mean() > 0.8


def test_models_and_images_that_do_not_fit_are_told_before_training() -> None:
    with pytest.raises(UserError, match="did you mean 'resnet18'"):
        TimmClassifier("resnt18")
    tiny, labels = np.zeros((4, 4, 4, 3), np.uint8), ["a", "b"] * 2
    with pytest.raises(UserError, match="4 x 4 pixels are smaller than the stride of 'test_byobnet', 16"):
        TimmClassifier(steps=1).fit(tiny, labels, seed=0)
    with pytest.raises(UserError, match="smaller than the stride"):
        TimmClassifier("test_resnet", weights="random", frozen=True).embed(tiny)
    with pytest.raises(UserError, match="smaller than the stride of 'test_resnet'"):
        TimmClassifier("test_resnet", steps=1, in_size=6).fit(*coloured(4), seed=0)
    with pytest.raises(UserError, match="cannot take images of 32 x 32"):
        TimmClassifier("inception_v3", steps=1).fit(*coloured(4), seed=0)
    for first in ([9], [0, 0], [0, 1, 2, 3]):
        with pytest.raises(UserError, match="first half"):
            TimmClassifier(steps=1).fit(*coloured(4), seed=0, first=np.array(first))


def test_weights_of_another_model_or_shape_are_told(checkpoint: str) -> None:
    images, labels = coloured(4)
    with pytest.raises(UserError, match="does not fit 'resnet10t'"):
        TimmClassifier("resnet10t", weights=checkpoint, frozen=True).fit(images, labels, seed=0)
    with pytest.raises(UserError, match="of another shape"):
        TimmClassifier("test_resnet", weights=checkpoint, frozen=True, stem_width=8).embed(images)
    with pytest.raises(UserError, match="not there"):
        TimmClassifier("test_resnet", weights="/nowhere/file.pth", frozen=True).embed(images)
