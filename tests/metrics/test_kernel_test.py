"""The permutation test: exact in its arithmetic, uniform where nothing differs, by patient where there are any."""

from __future__ import annotations

import numpy as np
import pytest

from synmedbench.core import UserError
from synmedbench.metrics import _kernel_test as room
from synmedbench.metrics import cmmd, kernel_distance, kernel_test

RNG = np.random.default_rng(2)


def test_every_deal_has_the_distance_of_its_rows():
    x, y = RNG.standard_normal((12, 4)), RNG.standard_normal((15, 4)) + 0.2
    both, counts = np.concatenate([x, y]), (12, 15)
    deals = room._deals(counts, 5, seed=3)
    for metric, function in (("kernel_distance", kernel_distance), ("cmmd", cmmd)):
        a, b = (x, y) if metric == "kernel_distance" else (room.unit_rows(x), room.unit_rows(y))
        labels = np.arange(12), np.arange(15)
        sums = room.block_sums(a, b, labels, room.KERNEL_OF[metric], "cpu")
        pooled = room._pooled(sums.xx, sums.yy, sums.xy, counts)
        found = room._distances(pooled, np.ones(27), deals, biased=metric == "cmmd")
        scale = 1000 if metric == "cmmd" else 1
        expected = [function(both[deal == 1], both[deal == 0]) for deal in deals]
        assert scale * found == pytest.approx(expected, rel=1e-8, abs=1e-9)


def test_unequal_patients_are_dealt_whole():
    patient = np.repeat(np.arange(14), [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2])
    x, y = RNG.standard_normal((27, 3)), RNG.standard_normal((20, 3))
    found = kernel_test(x, y, patient, permutations=50)
    assert found.units == (14, 20)
    assert found.value == pytest.approx(kernel_distance(x, y), rel=1e-9)


def test_p_is_uniform_where_nothing_differs_and_small_where_all_does():
    null = []
    for _ in range(60):
        x, y = RNG.standard_normal((2, 40, 5))
        null.append(kernel_test(x, y, permutations=99).p)
    assert 0.3 < np.mean(null) < 0.7
    assert np.mean(np.array(null) <= 0.1) < 0.25
    assert kernel_test(x, y + 1, permutations=99).p == 0.01
    assert kernel_test(x, y + 1, permutations=99, metric="cmmd").p == 0.01


def test_images_of_one_patient_do_not_count_as_many():
    """Ten images a patient, all variance between patients: by image the test would nearly always reject."""
    patient = np.repeat(np.arange(12), 10)
    by_patient, by_image = [], []
    for _ in range(15):
        x, y = (
            RNG.standard_normal((12, 4))[patient] + 0.05 * RNG.standard_normal((120, 4)) for _ in range(2)
        )
        by_patient.append(kernel_test(x, y, patient, patient, permutations=99).p)
        by_image.append(kernel_test(x, y, permutations=99).p)
    assert np.mean(np.array(by_patient) <= 0.05) <= 0.2
    assert np.mean(np.array(by_image) <= 0.05) >= 0.8


def test_many_images_are_dealt_in_blocks(monkeypatch):
    monkeypatch.setattr(room, "MOST_UNITS", 40)
    x, y = RNG.standard_normal((90, 3)), RNG.standard_normal((30, 3))
    found = kernel_test(x, y, permutations=99)
    assert found.units == (30, 10)
    assert "blocks" in found.method
    assert found.value == pytest.approx(kernel_distance(x, y), rel=1e-9)
    assert found.p > 0.01
    assert kernel_test(x, y + 1, permutations=99).p == 0.01


def test_constant_features_and_copies():
    same = np.ones((20, 3))
    assert kernel_test(same, same, permutations=19).p == 1
    x = RNG.standard_normal((20, 3))
    assert kernel_test(x, x, permutations=19).p == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"metric": "kernel_distanse"}, "did you mean"),
        ({"permutations": 0}, "at least 1"),
        ({"real": np.zeros((4, 3))}, "10 needed"),
        ({"real": np.full((20, 3), np.nan)}, "NaN"),
        ({"groups_real": np.zeros(3)}, "groups"),
    ],
)
def test_bad_input(change, told):
    given = {"real": np.eye(20)[:, :3], "synthetic": np.eye(20)[:, :3] + 1, **change}
    with pytest.raises(UserError, match=told):
        kernel_test(**given)


def test_seeded():
    x, y = RNG.standard_normal((2, 30, 3))
    assert kernel_test(x, y, seed=1) == kernel_test(x, y, seed=1)
    assert kernel_test(x, y + 0.2, seed=1).p != kernel_test(x, y + 0.2, seed=2).p
