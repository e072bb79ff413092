"""Arms and subsets: nested, balanced, paired, and a control that destroys the labels only."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.classifiers import ARMS, subset_per_class, training_set
from synmedbench.core import UserError


def numbered(labels: str, start: int) -> tuple[np.ndarray, list[str]]:
    images = np.zeros((len(labels), 2, 2, 3), np.uint8)
    images[:, 0, 0, 0] = np.arange(start, start + len(labels))
    return images, list(labels)


REAL = numbered("aaaabbbbcc", 0)
SYNTHETIC = numbered("abc" * 12, 100)


@given(seed=st.integers(0, 99), small=st.integers(1, 4), more=st.integers(0, 4))
def test_subsets_are_nested_and_balanced(seed: int, small: int, more: int) -> None:
    labels = ["a"] * 9 + ["b"] * 8
    few, many = subset_per_class(labels, small, seed), subset_per_class(labels, small + more, seed)
    assert set(few) <= set(many)
    assert Counter(labels[i] for i in few) == {"a": small, "b": small}
    assert (np.diff(few) > 0).all()


def test_another_seed_is_another_subset() -> None:
    labels = ["a"] * 50
    assert not np.array_equal(subset_per_class(labels, 5, 0), subset_per_class(labels, 5, 1))


def test_a_class_that_is_too_small_is_named() -> None:
    with pytest.raises(UserError, match="'b' has 1"):
        subset_per_class(["a", "a", "b"], 2, 0)


@settings(max_examples=30)
@given(seed=st.integers(0, 50), ratio=st.sampled_from([0.5, 1.0, 2.0]))
def test_synthetic_images_follow_the_balance_of_the_real_ones(seed: int, ratio: float) -> None:
    made = training_set("real+synthetic", *REAL, *SYNTHETIC, ratio=ratio, seed=seed)
    counts = Counter(made.labels)
    assert counts == {name: n + round(ratio * n) for name, n in Counter(REAL[1]).items()}
    np.testing.assert_array_equal(made.images[:10], REAL[0])
    by_image = {int(i[0, 0, 0]): label for i, label in zip(*SYNTHETIC, strict=True)}
    added = made.images[10:, 0, 0, 0]
    assert all(by_image[int(v)] == label for v, label in zip(added, made.labels[10:], strict=True))


def test_a_smaller_ratio_lies_within_a_larger() -> None:
    half, double = (
        set(training_set("synthetic-only", *REAL, *SYNTHETIC, ratio=r, seed=4).images[:, 0, 0, 0].tolist())
        for r in (0.5, 2.0)
    )
    assert half <= double


def test_the_shuffled_arm_has_the_same_images_and_the_same_label_counts() -> None:
    plain = training_set("real+synthetic", *REAL, *SYNTHETIC, ratio=2.0, seed=4)
    shuffled = training_set("real+shuffled-synthetic", *REAL, *SYNTHETIC, ratio=2.0, seed=4)
    np.testing.assert_array_equal(plain.images, shuffled.images)
    assert plain.labels[:10] == shuffled.labels[:10]
    assert Counter(plain.labels) == Counter(shuffled.labels)
    assert plain.labels != shuffled.labels


def test_the_repeated_arm_has_as_many_rows_as_the_synthetic_one() -> None:
    repeated = training_set("real-repeated", *REAL, ratio=2.0, seed=0)
    assert len(repeated) == len(training_set("real+synthetic", *REAL, *SYNTHETIC, ratio=2.0, seed=0))
    assert set(Counter(repeated.images[:, 0, 0, 0].tolist()).values()) == {3}


def test_weights_and_augmentation() -> None:
    made = training_set("real+synthetic", *REAL, *SYNTHETIC, ratio=1.0, seed=0, synthetic_weight=0.25)
    assert made.weights.tolist() == [1.0] * 10 + [0.25] * 10
    extra = {"extra_images": SYNTHETIC[0], "extra_labels": SYNTHETIC[1]}
    groups, aimed = list("xyxyxyxyxy"), [True] * 36
    found = {
        arm: training_set(arm, *REAL, *SYNTHETIC, seed=0, groups=groups, aimed=aimed, **extra) for arm in ARMS
    }
    assert {arm: made.augment for arm, made in found.items() if made.augment} == {
        "classical": "classical",
        "randaugment": "randaugment",
    }
    assert all(len(made.images) == len(made.labels) == len(made.weights) for made in found.values())


def test_the_weight_of_synthetic_images_has_a_default_in_its_own_arm_alone() -> None:
    found = {
        arm: set(training_set(arm, *REAL, *SYNTHETIC, seed=0).weights[10:].tolist())
        for arm in ("real+synthetic", "real+weighted-synthetic")
    }
    assert found == {"real+synthetic": {1.0}, "real+weighted-synthetic": {0.3}}


def test_what_cannot_be_made_is_told() -> None:
    with pytest.raises(UserError, match="did you mean 'real-only'"):
        training_set("real-onli", *REAL, seed=0)
    with pytest.raises(UserError, match="needs synthetic"):
        training_set("real+synthetic", *REAL, seed=0)
    with pytest.raises(UserError, match="16 synthetic images of 'a', there are 12"):
        training_set("real+synthetic", *REAL, *SYNTHETIC, ratio=4.0, seed=0)
    with pytest.raises(UserError, match="no synthetic image"):
        training_set("synthetic-only", *REAL, *SYNTHETIC, ratio=0.0, seed=0)
