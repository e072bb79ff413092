"""The blood phantom: balanced, reproducible image by image, and clear about wrong arguments."""

from __future__ import annotations

import numpy as np
import pytest

from synmedbench.core import UserError
from synmedbench.imagesets import CELL_TYPES, phantom_blood


def test_image_depends_on_seed_and_index_alone():
    many, few = phantom_blood(n=20, seed=4), phantom_blood(n=7, seed=4)
    np.testing.assert_array_equal(many.images()[:7], few.images())
    assert many.table.iloc[:7].equals(few.table)


@pytest.mark.parametrize("size", [32, 64, 128])
def test_sizes(size):
    images = phantom_blood(n=1, size=size).images()
    assert images.shape == (1, size, size, 3)
    assert images.std() > 3


def test_cell_types_are_balanced():
    counts = phantom_blood(n=160).table["label"].value_counts()
    assert set(counts.index) == set(CELL_TYPES)
    assert (counts == 20).all()


def test_only_neutrophils_have_a_subtype():
    table = phantom_blood(n=240).table
    neutrophil = table["label"] == "neutrophil"
    assert set(table.loc[neutrophil, "subtype"]) == {"segmented", "band"}
    assert set(table.loc[~neutrophil, "subtype"]) == {""}
    assert (table.loc[table["subtype"] == "band", "true_lobes"] == 1).all()


def test_a_patient_has_one_stain():
    assert (phantom_blood(n=64).table.groupby("patient_id")["site"].nunique() == 1).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"cell_types": ["neutrofil"]}, "neutrophil"), ({"size": 31}, "32 to 256"), ({"n": 0}, "at least 1")],
)
def test_wrong_arguments_are_explained(arguments, message):
    with pytest.raises(UserError, match=message):
        phantom_blood(**{"n": 2, **arguments})
