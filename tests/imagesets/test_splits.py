"""Splits: groups stay whole, shares are met, and neither row order nor another seed's luck matters."""

from __future__ import annotations

import warnings
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.core import UserError, rng
from synmedbench.imagesets import FRACTIONS, ImageSet, count_splits, group_numbers, split_by_group


def make(n: int, seed: int = 0, classes: int = 3, patients: int | None = None) -> ImageSet:
    dice = rng(seed, "made")
    table = pd.DataFrame({"label": [f"c{i % classes}" for i in range(n)]})
    if patients:
        table["patient_id"] = [f"p{number}" for number in dice.integers(0, patients, n)]
    return ImageSet.from_arrays(dice.integers(0, 256, (n, 2, 2, 3), dtype=np.uint8), table)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(60, 200), patients=st.integers(40, 150))
def test_no_patient_and_no_identical_image_crosses(seed: int, n: int, patients: int) -> None:
    base = make(n, seed, patients=patients)
    doubled = base.subset([*range(n), 0, 1, 2])
    table = doubled.table.assign(patient_id=[*doubled.table["patient_id"][:n], None, "new", "new2"])
    done = split_by_group(doubled.with_table(table), seed=seed, allow_small=True)
    for _, splits in done.table.dropna(subset="patient_id").groupby("patient_id")["split"]:
        assert splits.nunique() == 1
    assert done.table["split"].tolist()[n:] == done.table["split"].tolist()[:3]
    assert set(done.table["split"]) <= set(FRACTIONS)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(30, 120))
def test_shares_are_met_to_within_one_group(seed: int, n: int) -> None:
    counts = count_splits(split_by_group(make(n, seed), seed=seed))
    for _, row in counts.iterrows():
        for split, share in FRACTIONS.items():
            assert abs(row[split] - share * row.sum()) <= 1.5
    total = counts.sum()
    assert all(abs(total[split] - share * n) <= 4 for split, share in FRACTIONS.items())


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 100), order_seed=st.integers(0, 10**6))
def test_row_order_does_not_matter(seed: int, order_seed: int) -> None:
    base = make(60, patients=50)
    order = rng(order_seed).permutation(60)
    straight = split_by_group(base, seed=seed, allow_small=True).table["split"].to_numpy()
    shuffled = split_by_group(base.subset(order), seed=seed, allow_small=True).table["split"].to_numpy()
    assert shuffled.tolist() == straight[order].tolist()


def test_seeds_differ_and_repeat() -> None:
    base = make(90)
    first, again, other = (split_by_group(base, seed=s).table["split"].tolist() for s in (1, 1, 2))
    assert first == again
    assert first != other


def test_every_image_is_equally_likely_to_be_tested() -> None:
    base = make(30, classes=1, patients=None)
    table = base.table.assign(patient_id=[f"p{min(i, 24)}" for i in range(30)])
    held = np.zeros(30)
    for seed in range(200):
        held += split_by_group(base.with_table(table), seed=seed).table["split"].eq("test").to_numpy()
    single = held[:24] / 200
    assert single.min() > 0.05
    assert single.max() < 0.28
    assert 0 <= held[25] / 200 < 0.6


def test_groups_are_closed_over_patients_lesions_and_pixels() -> None:
    base = make(6).subset([0, 1, 2, 0, 4, 5])
    table = base.table.assign(
        patient_id=["a", "a", "b", "c", None, None], lesion_id=["1", "2", "3", "4", "4", ""]
    )
    numbers = group_numbers(base.with_table(table)).tolist()
    assert numbers[0] == numbers[1] == numbers[3] == numbers[4]
    assert len({numbers[0], numbers[2], numbers[5]}) == 3


def test_smallest_classes_reach_every_split() -> None:
    done = split_by_group(make(15, classes=3), seed=5)
    assert (count_splits(done) == 1).all().all()


def test_classes_with_too_few_groups_are_all_named() -> None:
    base = make(40, classes=2)
    table = base.table.assign(label=["rare", "scarce", "scarce", *["common"] * 37])
    with pytest.raises(UserError, match="'rare' has 1, 'scarce' has 2"):
        split_by_group(base.with_table(table))
    with pytest.warns(UserWarning, match="'rare' has 1"):
        done = split_by_group(base.with_table(table), allow_small=True)
    assert done.table["split"].notna().all()


@pytest.mark.parametrize("fractions", [{"train": 0.5}, {"train": 1.2, "test": -0.2}, {"a": float("nan")}, {}])
def test_fractions_must_sum_to_one(fractions: dict[str, float]) -> None:
    with pytest.raises(UserError, match="sum to 1"):
        split_by_group(make(20), fractions=fractions)


def test_given_test_and_val_stay_and_train_is_shared() -> None:
    base = make(120)
    given_split = (["train"] * 4 + ["val", "test"]) * 20
    done = split_by_group(base.with_table(base.table.assign(given_split=given_split)), given=True, seed=3)
    assert done.table["split"][4::6].eq("val").all()
    assert done.table["split"][5::6].eq("test").all()
    shared = Counter(done.table["split"][[i for i in range(120) if given_split[i] == "train"]])
    assert set(shared) == {"train", "reference", "holdout"}
    assert abs(shared["train"] - 80 * 0.5 / 0.75) <= 2


def test_given_splits_that_share_a_patient() -> None:
    base = make(40, classes=1)
    table = base.table.assign(
        given_split=["train"] * 30 + ["test"] * 10, patient_id=[f"p{i % 35}" for i in range(40)]
    )
    with pytest.raises(UserError, match="5 patients, lesions or sets of identical images stand in two given"):
        split_by_group(base.with_table(table), given=True)
    with pytest.warns(UserWarning, match="their 10 images went to training"):
        done = split_by_group(
            base.with_table(table), given=True, crossing="train", fractions={"train": 0.8, "test": 0.2}
        )
    assert done.table["split"].value_counts().to_dict() == {"train": 35, "test": 5}


def test_unstratified_and_own_fractions() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        done = split_by_group(make(20, classes=20), stratify=None, fractions={"a": 0.25, "b": 0.75, "c": 0.0})
    assert done.table["split"].value_counts().to_dict() == {"b": 15, "a": 5}
