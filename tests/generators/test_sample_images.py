from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synmedbench.core import UserError
from synmedbench.generators import Conditions, GeneratorCard, conditions_like, sample_images, shards
from synmedbench.imagesets import ImageSet


class Fixed:
    """Yields whatever it is given."""

    def __init__(self, batches: list[np.ndarray]) -> None:
        self.batches, self.card = batches, GeneratorCard(name="fixed", trained_on="abc")

    def fit(self, train: ImageSet, *, seed: int, progress: object) -> None:
        return None

    def sample(self, conditions: Conditions, *, indices: Sequence[int], **_: object) -> Iterator[np.ndarray]:
        yield from self.batches


@given(st.integers(1, 200), st.integers(1, 20), st.integers(1, 5))
def test_shards_are_whole_chunks_that_cover_everything_once(n: int, batch_size: int, batches: int) -> None:
    cut = shards(n, batch_size, batches)
    assert [i for shard in cut for i in shard] == list(range(n))
    assert all(len(shard) == batch_size * batches for shard in cut[:-1])


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([1, 4, 6])), min_size=1, max_size=30),
    st.integers(1, 60),
    st.booleans(),
)
def test_conditions_take_joint_values_that_occur(rows: list[tuple[str, int]], n: int, balanced: bool) -> None:
    table = pd.DataFrame(rows, columns=["label", "skin_tone"])
    like = conditions_like(table, n, ("label", "skin_tone"), seed=1, balanced=balanced).table
    groups = {1: "I-II", 4: "III-IV", 6: "V-VI"}
    there = {(label, groups[tone]) for label, tone in rows}
    counts = like.value_counts()
    assert len(like) == n
    assert set(counts.index) <= there
    if balanced:
        assert counts.max() - (counts.min() if len(counts) == len(there) else 0) <= 1


def test_conditions_leave_out_the_unknown_and_name_what_is_missing() -> None:
    table = pd.DataFrame({"label": ["a", None], "skin_tone": [1, 2]})
    assert set(conditions_like(table, 5).table["label"]) == {"a"}
    with pytest.raises(UserError, match="no column 'sex'"):
        conditions_like(table, 2, ("sex",))
    with pytest.raises(UserError, match="no row has known values"):
        conditions_like(pd.DataFrame({"label": [None]}), 2)


def test_the_set_bears_conditions_and_lineage() -> None:
    batches = [np.zeros((2, 4, 4, 3), np.uint8)]
    made = sample_images(Fixed(batches), Conditions(pd.DataFrame({"label": ["a", "b"]})), seed=9)
    assert made.labels == ["a", "b"]
    assert made.lineage is not None
    assert (made.lineage.generator, made.lineage.seed, made.lineage.trained_on) == ("fixed", 9, "abc")
    assert made.table["sample_index"].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("batches", "fault"),
    [
        ([np.zeros((1, 4, 4, 3), np.uint8)], "2 images were asked for, 1 came"),
        ([np.zeros((2, 4, 4, 3), np.float32)], "yielded"),
        ([np.zeros((2, 3, 4, 4), np.uint8)], "yielded"),
        ([np.zeros((1, 4, 4, 3), np.uint8), np.zeros((1, 8, 8, 3), np.uint8)], "differ in size"),
    ],
)
def test_a_generator_that_breaks_its_word_is_named(batches: list[np.ndarray], fault: str) -> None:
    with pytest.raises(UserError, match=f"fixed: .*{fault}"):
        sample_images(Fixed(batches), Conditions(pd.DataFrame({"label": ["a", "b"]})), seed=0)
