from __future__ import annotations

import pandas as pd
import pytest

from synmedbench.core import UserError
from synmedbench.generators._vocabulary import Vocabulary

TABLE = pd.DataFrame({"label": ["b", "a", None], "skin_tone": [1, 6, -1]})


def test_tokens_are_alphabetical_and_unknown_is_null() -> None:
    words = Vocabulary.of(TABLE, ("label", "skin_tone"))
    assert words.values == {"label": ("a", "b"), "skin_tone": ("I-II", "V-VI")}
    assert words.sizes == (3, 3)
    assert words.encode(TABLE).tolist() == [[2, 1], [1, 2], [0, 0]]


def test_tone_is_asked_for_by_group_or_type_and_an_absent_column_is_null() -> None:
    words = Vocabulary.of(TABLE, ("label", "skin_tone"))
    assert words.encode(pd.DataFrame({"skin_tone": ["V-VI", 2]})).tolist() == [[0, 2], [0, 1]]


def test_a_new_value_and_a_missing_column_are_named() -> None:
    words = Vocabulary.of(TABLE, ("label",))
    with pytest.raises(UserError, match=r"label 'c' was not among the training images"):
        words.encode(pd.DataFrame({"label": ["a", "c"]}))
    with pytest.raises(UserError, match="no column 'lable'"):
        Vocabulary.of(TABLE, ("lable",))
