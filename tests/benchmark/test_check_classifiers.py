"""What is refused of a grid of classifiers before any stage begins."""

from __future__ import annotations

import pytest

from synmedbench.benchmark._check_classifiers import check_classifiers
from synmedbench.benchmark._recipe_classifiers import ClassifiersPart
from synmedbench.core import UserError

FROZEN = {"name": "timm:test_resnet", "alias": "ice", "weights": "random", "frozen": True}


def test_a_frozen_classifier_that_asks_for_augmentation_is_refused():
    with pytest.raises(UserError, match=r"'ice' is never shown images under augment=classical"):
        check_classifiers(ClassifiersPart(model={**FROZEN, "augment": "classical"}), 32)
    check_classifiers(ClassifiersPart(model={**FROZEN, "augment": "flip"}), 32)


def test_a_class_cannot_be_left_out():
    with pytest.raises(UserError, match="a class cannot be left out"):
        check_classifiers(ClassifiersPart(leave_out="label"), 32)
