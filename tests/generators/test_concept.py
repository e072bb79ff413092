"""A column that a model gains after training: nothing changes until it is taught, and requests ask for it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from synmedbench.core import UserError, silent
from synmedbench.generators import (
    BestOfN,
    Budget,
    Conditions,
    Diffusion,
    Draft,
    RewardWeighted,
    conditions_like,
    requests_like,
)
from synmedbench.generators._concept import requests_of
from synmedbench.generators._own_samples import own_samples

VALUES = ["plain", "striped"]


class ColumnReward:
    """Likes bright images where ``striped`` is asked for and dark ones else; without the column it fails."""

    key = "column"

    def logit(self, images, conditions):
        sign = torch.where(torch.tensor((conditions["pattern"] == "striped").to_numpy()), 1.0, -1.0)
        return 4.0 * sign * images.mean((1, 2, 3))

    def probability(self, images, conditions):
        x = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1
        return torch.sigmoid(self.logit(x, conditions)).double().numpy()


def images_of(model, table, n=8):
    rows = list(range(n))
    return next(model.sample(Conditions(table), indices=rows, seed=3, batch_size=n))


@pytest.fixture(scope="module")
def extended(grey_base):
    return grey_base.with_column("pattern", VALUES, {"label": "a"})


def test_images_are_the_bases_bit_for_bit_whatever_is_asked(grey_base, extended):
    table = pd.DataFrame({"label": ["a", "b"] * 4})
    for guidance in (0.0, 1.5):
        grey_base.guidance = extended.guidance = guidance
        before = images_of(grey_base, table)
        for value in (*VALUES, "unknown"):
            assert np.array_equal(images_of(extended, table.assign(pattern=value)), before)
        assert np.array_equal(images_of(extended, table), before)
    grey_base.guidance = extended.guidance = 0.0


def test_the_card_grows_and_the_base_stays(grey_base, extended):
    assert extended.card.columns == ("label", "pattern")
    assert "pattern (plain, striped) was added after training, for label a" in extended.card.notes
    assert grey_base.card.columns == ("label",)
    assert grey_base.concept is None
    assert len(grey_base.network.tables) == 1


def test_nothing_stated_is_the_null_token_of_every_column(extended):
    tokens = extended.tokens(Conditions(pd.DataFrame({"label": ["a"], "pattern": ["striped"]})), [0])
    assert tokens.tolist() == [[1, 2]]
    unknown = pd.DataFrame({"label": ["a", "unknown"], "pattern": ["unknown", "plain"]})
    assert extended.tokens(Conditions(unknown), [0, 1]).tolist() == [[1, 0], [0, 1]]


def test_a_taught_column_survives_saving(extended, tmp_path):
    taught = extended.aligned("taught", "")
    with torch.no_grad():
        taught.network.tables[1].weight[2] += 0.5
    taught.save(tmp_path / "model")
    loaded = Diffusion.load(tmp_path / "model")
    assert loaded.concept == extended.concept
    assert loaded.card.columns == ("label", "pattern")
    table = pd.DataFrame({"label": ["a"] * 8, "pattern": VALUES * 4})
    assert np.array_equal(images_of(loaded, table), images_of(taught, table))
    assert not np.array_equal(images_of(loaded, table)[1], images_of(extended, table)[1])
    assert np.array_equal(images_of(loaded, table)[0], images_of(extended, table)[0])


def test_models_saved_without_a_concept_load_without_one(grey_base, tmp_path):
    grey_base.save(tmp_path / "model")
    assert "concept" not in (tmp_path / "model" / "conditions" / "config.json").read_text()
    assert Diffusion.load(tmp_path / "model").concept is None


@pytest.mark.parametrize(
    ("name", "values", "where", "words"),
    [
        ("label", VALUES, {}, "already"),
        ("pattern", ["plain"], {}, "two values or more"),
        ("pattern", "plain", {}, "list of texts"),
        ("pattern", ["plain", "plain"], {}, "must differ"),
        ("pattern", ["plain", "unknown"], {}, "must differ"),
        ("pattern", ["plain", " "], {}, "must differ"),
        ("pattern", [1, 2], {}, "list of texts"),
        ("", VALUES, {}, "cannot have"),
        ("skin_tone", ["dark", "pale"], {}, "cannot have"),
        ("pattern", VALUES, {"label": "c"}, "no label 'c'"),
        ("pattern", VALUES, {"lable": "a"}, "no column 'lable'"),
    ],
)
def test_bad_columns_are_refused_in_one_line(grey_base, name, values, where, words):
    with pytest.raises(UserError, match=words) as found:
        grey_base.with_column(name, values, where)
    assert "\n" not in str(found.value)


def test_an_unfitted_model_gains_no_column():
    with pytest.raises(UserError, match="not fitted"):
        Diffusion("unet-micro").with_column("pattern", VALUES)


def test_requests_ask_for_each_value_equally_often_where_it_can_be_borne(extended, greys):
    asked = requests_like(extended, greys.table.assign(pattern="leaked"), 11, seed=1).table
    assert set(asked["label"]) == {"a"}
    assert sorted(asked["pattern"].value_counts().tolist()) == [5, 6]
    again = requests_like(extended, greys.table, 11, seed=1).table
    pd.testing.assert_frame_equal(asked, again)
    assert not asked.equals(requests_like(extended, greys.table, 11, seed=2).table)


def test_without_a_concept_requests_are_conditions_like_the_rows(grey_base, greys):
    expected = conditions_like(greys.table, 9, ("label",), seed=4, balanced=False).table
    pd.testing.assert_frame_equal(requests_like(grey_base, greys.table, 9, seed=4).table, expected)
    data = grey_base.training_data(greys)
    tokens, table = requests_of(grey_base, greys).draw(5, 7, 6)
    batch = data.batch(5, 7, 6)
    assert torch.equal(tokens, batch.tokens)
    assert table["label"].tolist() == greys.table["label"].iloc[batch.rows].tolist()


def test_no_row_that_can_bear_a_value_is_an_error(extended, greys):
    with pytest.raises(UserError, match="no row has label a"):
        requests_like(extended, greys.table[greys.table["label"] == "b"], 4, seed=0)
    with pytest.raises(UserError, match="no column 'label'"):
        requests_like(extended, pd.DataFrame({"kind": ["a"]}), 4, seed=0)


def test_own_samples_bear_the_values(extended, greys):
    own = own_samples(extended, ColumnReward(), greys, 8, seed=0, batch_size=8)
    assert own.table["pattern"].value_counts().to_dict() == {"plain": 4, "striped": 4}
    assert set(own.data.tokens[:, 1]) == {1, 2}


@pytest.mark.parametrize(
    ("aligner", "budget", "least"),
    [
        (Draft(weight=4.0, late=1.0), Budget(60, 16, 1e-3), 30),
        (RewardWeighted(samples=128), Budget(60, 32, 1e-3), 1),
        (BestOfN(n=4), Budget(1), 5),
    ],
)
def test_methods_teach_the_values_apart(extended, greys, aligner, budget, least):
    taught = aligner.align(extended, ColumnReward(), greys, seed=0, budget=budget, progress=silent())
    means = [
        images_of(taught, pd.DataFrame({"label": ["a"] * 32, "pattern": value}), 32).mean()
        for value in VALUES
    ]
    assert means[1] > means[0] + least, means


def test_a_second_concept_may_follow_the_first(extended, greys):
    second = extended.with_column("mood", ["calm", "wild"], {"label": "b"})
    assert second.card.columns == ("label", "pattern", "mood")
    assert list(requests_like(second, greys.table, 4, seed=0).table.columns) == ["label", "mood"]


def test_a_concept_of_any_request_needs_no_where():
    from synmedbench.generators import Concept

    model = SimpleNamespace(columns=("label", "age"), concept=Concept("age", ("old", "young"), {}))
    asked = requests_like(model, pd.DataFrame({"label": ["a", "b"]}), 8, seed=0).table
    assert set(asked["label"]) == {"a", "b"}
