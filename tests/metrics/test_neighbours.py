"""Exact nearest neighbours."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.metrics import nearest, nearest_others


def by_differences(queries: np.ndarray, references: np.ndarray) -> np.ndarray:
    return np.sqrt(((queries[:, None] - references[None]) ** 2).sum(axis=2))


@given(st.integers(1, 30), st.integers(1, 40), st.integers(1, 12), st.integers(0, 10**6), st.data())
def test_agrees_with_all_differences(n: int, m: int, width: int, seed: int, data: st.DataObject) -> None:
    rng = np.random.default_rng(seed)
    queries, references = rng.standard_normal((n, width)), rng.standard_normal((m, width))
    k = data.draw(st.integers(1, m))
    distances, indices = nearest(queries, references, k)
    expected = np.sort(by_differences(queries, references), axis=1)[:, :k]
    np.testing.assert_allclose(distances, expected, rtol=1e-12)
    np.testing.assert_allclose(by_differences(queries, references)[np.arange(n)[:, None], indices], distances)


def test_identical_rows_are_at_exactly_zero() -> None:
    rng = np.random.default_rng(0)
    references = rng.standard_normal((500, 2048)) + 50
    distances, indices = nearest(references[::-1], references)
    assert (distances == 0.0).all()
    assert (indices[:, 0] == np.arange(500)[::-1]).all()


@given(st.integers(0, 10**6))
@settings(max_examples=20)
def test_a_copy_is_found_among_many_near_copies(seed: int) -> None:
    """More rivals than spare candidates, all nearer than the rounding of products can tell."""
    rng = np.random.default_rng(seed)
    row = rng.standard_normal(64) * 10
    references = np.concatenate([rng.standard_normal((50, 64)), row + rng.standard_normal((80, 64)) * 1e-12])
    references[97] = row
    distances, indices = nearest(row[None], references, k=3)
    assert distances[0, 0] == 0.0
    assert indices[0, 0] == 97
    np.testing.assert_array_equal(distances[0], np.sort(by_differences(row[None], references)[0])[:3])


def test_others_leave_out_the_row_itself_and_keep_its_duplicates() -> None:
    rows = np.array([[0.0], [0.0], [2.0], [7.0]])
    distances, indices = nearest_others(rows)
    assert distances.ravel().tolist() == [0.0, 0.0, 2.0, 5.0]
    assert indices.ravel().tolist() == [1, 0, 0, 2]


def test_all_alike_and_one_huge_row() -> None:
    assert (nearest_others(np.ones((300, 5)), 20).distances == 0).all()
    rows = np.random.default_rng(0).standard_normal((100, 5))
    rows[7] = 1e9
    np.testing.assert_allclose(
        nearest_others(rows, 3).distances, np.sort(by_differences(rows, rows), axis=1)[:, 1:4], rtol=1e-12
    )
