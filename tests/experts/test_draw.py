"""Which images a study shows: shares of each generator, real ones matched, columns that tell nothing."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from synmedbench.core import UserError
from synmedbench.experts._draw import as_text, candidates, choose_real, choose_synthetic, origins
from synmedbench.imagesets import About, ImageSet, Lineage


def drawn(name: str, made_by: str | None = None, **columns: object) -> ImageSet:
    table = pd.DataFrame(columns)
    pixels = np.zeros((len(table), 4, 4, 3), np.uint8)
    lineage = Lineage(made_by, 0, "x") if made_by else None
    return ImageSet.from_arrays(pixels, table, about=About(name), lineage=lineage)


def test_where_images_come_from() -> None:
    assert origins(drawn("set", "ddpm", label=["a"])) == ["ddpm"]
    assert origins(drawn("set", label=["a"])) == ["set"]
    assert origins(drawn("set", label=["a", "b"], generator=["gan", None])) == ["gan", "set"]
    with pytest.raises(UserError, match="cannot come from 'real'"):
        origins(drawn("Real", label=["a"]))


def test_every_origin_gives_as_many() -> None:
    sets = [
        drawn("a", "gan", label=["x"] * 50),
        drawn("b", "ddpm", label=["x"] * 50),
        drawn("c", "vae", label=["x"] * 4),
    ]
    _, made, _, _ = candidates(sets, None, ())
    chosen = choose_synthetic(made, 34, 0)
    assert Counter(each.origin for each in chosen) == {"gan": 15, "ddpm": 15, "vae": 4}
    assert choose_synthetic(made, 34, 0) == chosen != choose_synthetic(made, 34, 1)
    assert len(choose_synthetic(made, None, 0)) == 104
    with pytest.raises(UserError, match="105 images were asked for, the sets have 104"):
        choose_synthetic(made, 105, 0)


def test_real_images_bear_what_the_synthetic_do() -> None:
    made = drawn("m", "gan", label=["a"] * 60 + ["b"] * 30 + ["c"] * 10)
    real = drawn("r", label=["a"] * 50 + ["b"] * 50 + ["c"] * 50 + ["d"] * 50)
    _, fake, there, _ = candidates([made], real, ("label",))
    chosen, told = choose_real(there, fake, 20, 0)
    assert Counter(each.stratum[0] for each in chosen) == {"a": 12, "b": 6, "c": 2}
    assert told == []


def test_what_lacks_is_told() -> None:
    made = drawn("m", "gan", label=["a"] * 5 + ["b"] * 5)
    real = drawn("r", label=["a"] * 5 + ["b"] + [None])
    shown, fake, there, told = candidates([made], real, ("label",))
    assert (shown, told) == (("label",), ["left out: 1 real image without a value of label"])
    chosen, told = choose_real(there, fake, 6, 0)
    assert len(chosen) == 4
    assert told == ["2 of 6 real images are missing: too few bear the values shown"]
    with pytest.raises(UserError, match="no real image bears the shown values"):
        choose_real([], fake, 6, 0)


def test_a_column_that_would_tell_the_kinds_apart_is_not_shown() -> None:
    made = drawn("m", "gan", label=["a", "b"], skin_tone=["I", None], sex=["f", "m"])
    real = drawn("r", label=["a", "b"], skin_tone=["I", "II"])
    shown, _, _, told = candidates([made], real, ("label", "skin_tone", "sex"))
    assert shown == ("label",)
    assert told == [
        "skin_tone is not shown: not every synthetic image has it",
        "sex is not shown: no real image has it",
    ]
    assert candidates([drawn("m", "gan", x=[1])], None, ("label", "skin_tone"))[0] == ()
    for name in ("file_name", "split", "generator", "true_size"):
        with pytest.raises(UserError, match="cannot be shown"):
            candidates([made], real, (name,))
    with pytest.raises(UserError, match=r"no image set has the column 'lable' to show .did you mean 'label'"):
        candidates([made], real, ("lable",))


def test_no_images_are_one_clear_line() -> None:
    for sets in ([], [drawn("m", "gan", label=[])]):
        with pytest.raises(UserError, match="there are no images to rate"):
            candidates(sets, None, ())
    with pytest.raises(UserError, match="r: the set of real images is empty"):
        candidates([drawn("m", "gan", label=["a"])], drawn("r", label=[]), ())


def test_numbers_are_one_value_whatever_file_they_came_from() -> None:
    assert [as_text(value) for value in (1, 1.0, np.float64(1), np.int64(1), "1")] == ["1"] * 5
    assert as_text(1.5) == "1.5"
