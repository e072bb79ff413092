"""Every arm as row numbers: how many, which, with what weight, and nested over ratios."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.classifiers import ARMS, WITH_SYNTHETIC, ArmRows, arm_rows
from synmedbench.core import UserError

REAL = list("aaaabbbbcc")
POOL = list("abc" * 12)
TONES = ["I-II", "I-II", "I-II", "V-VI"] * 2 + ["I-II", "V-VI"]


def made(arm: str, **given: object) -> ArmRows:
    known = {"extra_labels": POOL, "groups": TONES, "aimed": [True] * len(POOL), "seed": 1}
    return arm_rows(arm, REAL, POOL, **{**known, **given})  # type: ignore[arg-type]


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_rows_labels_and_weights_fit_together(arm: str, ratio: float) -> None:
    rows = made(arm, ratio=ratio)
    assert len(rows) == len(rows.weights) == len(rows.real) + len(rows.synthetic) + len(rows.extra)
    assert (rows.weights > 0).all()
    assert bool(len(rows.synthetic)) == (arm in WITH_SYNTHETIC)
    assert bool(len(rows.extra)) == (arm == "extra-real")
    own = [REAL[i] for i in rows.real]
    assert list(rows.labels[: len(own)]) == own
    added = [POOL[i] for i in (*rows.synthetic, *rows.extra)]
    assert Counter(rows.labels[len(own) :]) == Counter(added)
    if arm != "real+shuffled-synthetic":
        assert list(rows.labels[len(own) :]) == added


@pytest.mark.parametrize("arm", ["real+aimed-synthetic", "real+weighted-synthetic", "synthetic-then-real", "extra-real",
                                 "real-repeated"])  # fmt: skip
def test_arms_that_add_images_have_as_many_rows_as_real_and_synthetic(arm: str) -> None:
    assert len(made(arm, ratio=2.0)) == len(made("real+synthetic", ratio=2.0)) == 30


@settings(max_examples=30)
@given(
    seed=st.integers(0, 99), small=st.sampled_from([0.5, 1.0, 2.0]), large=st.sampled_from([2.0, 2.5, 3.0])
)
def test_the_draw_of_a_smaller_ratio_lies_within_that_of_a_larger(
    seed: int, small: float, large: float
) -> None:
    for arm in ("real+synthetic", "real+aimed-synthetic", "extra-real"):
        few, many = (made(arm, ratio=ratio, seed=seed) for ratio in (small, large))
        assert set(few.synthetic) <= set(many.synthetic)
        assert set(few.extra) <= set(many.extra)
        assert len(set(many.synthetic)) == len(many.synthetic)


def test_aimed_images_are_all_aimed_and_a_short_class_gives_all_it_has() -> None:
    aimed = np.zeros(36, bool)
    aimed[[i for i, name in enumerate(POOL) if name == "a"][:1]] = True
    aimed[[i for i, name in enumerate(POOL) if name in "bc"]] = True
    rows = made("real+aimed-synthetic", ratio=1.0, aimed=aimed)
    assert aimed[rows.synthetic].all()
    assert Counter(POOL[i] for i in rows.synthetic) == {"a": 1, "b": 6, "c": 3}
    everyone = made("real+aimed-synthetic", ratio=1.0)
    assert Counter(POOL[i] for i in everyone.synthetic) == Counter(REAL)


def test_oversampled_cells_of_class_and_tone_are_all_as_large_as_the_largest() -> None:
    rows = made("oversampled")
    cells = Counter((REAL[i], TONES[i]) for i in rows.real)
    assert set(cells.values()) == {3}
    assert set(range(10)) <= set(rows.real.tolist())
    assert Counter(arm_rows("oversampled", REAL, seed=0).labels) == {"a": 4, "b": 4, "c": 4}
    per_row = Counter(rows.real.tolist())
    assert max(per_row.values()) == 3


def test_weights_make_classes_or_groups_count_alike() -> None:
    by_class, by_tone = made("class-weighted"), made("group-weighted")
    totals = [by_class.weights[[i for i in range(10) if REAL[i] == name]].sum() for name in "abc"]
    np.testing.assert_allclose(totals, 10 / 3)
    tones = [by_tone.weights[[i for i in range(10) if TONES[i] == tone]].sum() for tone in set(TONES)]
    np.testing.assert_allclose(tones, 5.0)
    assert made("real+weighted-synthetic", synthetic_weight=0.2).weights.tolist() == [1.0] * 10 + [0.2] * 10


def test_the_arms_that_train_otherwise_say_so() -> None:
    assert made("focal").loss == "focal"
    assert (made("mixup").mix, made("cutmix").mix) == ("mixup", "cutmix")
    assert made("randaugment").augment == "randaugment"
    phases = made("synthetic-then-real", ratio=2.0)
    assert phases.first.tolist() == list(range(10, 30))
    assert not len(made("real+synthetic").first)
    assert [arm for arm in ARMS if made(arm).mix or made(arm).loss != "cross-entropy"] == [
        "mixup",
        "cutmix",
        "focal",
    ]


def test_all_arms_with_synthetic_images_but_the_aimed_one_see_the_same() -> None:
    seen = {tuple(made(arm).synthetic) for arm in WITH_SYNTHETIC if arm != "real+aimed-synthetic"}
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("arm", "given", "words"),
    [
        ("real+synthetc", {}, "did you mean 'real.synthetic'"),
        ("extra-real", {"extra_labels": None}, "needs further real images"),
        ("extra-real", {"extra_labels": list("ab")}, "needs 4 further real images of 'a', there are 1"),
        ("extra-real", {"extra_labels": []}, "there are 0"),
        ("group-weighted", {"groups": None}, "needs the group"),
        ("group-weighted", {"groups": ["x"]}, "10 real images but 1 groups"),
        ("oversampled", {"groups": ["x"]}, "10 real images but 1 groups"),
        ("real+aimed-synthetic", {"aimed": None}, "which synthetic images are aimed"),
        ("real+aimed-synthetic", {"aimed": [True]}, "36 synthetic images but 1 marks"),
        ("real+aimed-synthetic", {"aimed": [False] * 36}, "needs 10 aimed synthetic images, there are 0"),
        ("real+synthetic", {"ratio": float("nan")}, "ratio must be"),
        ("real+synthetic", {"ratio": -1.0}, "ratio must be"),
        ("real+synthetic", {"ratio": 1e6}, "there are 12"),
        ("real+weighted-synthetic", {"synthetic_weight": float("inf")}, "weight of synthetic"),
        ("real+synthetic", {"ratio": 0.0}, "no synthetic image at all"),
    ],
)
def test_what_cannot_be_made_is_told(arm: str, given: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words):
        made(arm, **given)


def test_no_real_image_is_told_and_names_of_any_script_are_taken() -> None:
    with pytest.raises(UserError, match="no real images"):
        arm_rows("real-only", [], seed=0)
    rows = arm_rows("real+synthetic", ["Hautausschlag", "湿疹"] * 2, ["湿疹", "Hautausschlag"] * 2, seed=0)
    assert Counter(rows.labels) == {"Hautausschlag": 4, "湿疹": 4}
