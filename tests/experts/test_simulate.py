"""Several simulated raters: they err as told, to their own side, anew at repeats, and fill a store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from synmedbench.cli import app
from synmedbench.core import UserError
from synmedbench.experts import (
    AttributePanel,
    NoisyRater,
    OracleExpert,
    RatingStore,
    check_ratings,
    cohen_kappa,
    simulate_ratings,
    simulated_expert,
    verdicts,
)
from synmedbench.imagesets import ImageSet, Lineage, open_imageset, write_folder

from .planted_cells import RULES, discs


class Scripted:
    """An expert whose answers are given: half of them no."""

    name = "simulated: scripted"
    criteria_name, criteria_version = "blood", 1

    def answers(self, images: ImageSet, *, seed: int = 0, repeat: int = 0) -> pd.DataFrame:
        words = np.where(np.arange(len(images)) % 2 == 0, "yes", "no")
        return pd.DataFrame({"cell_size": words, "chromatin": ["yes"] * len(images), "smear": "cannot tell"})

    def rate(self, images: ImageSet, *, seed: int = 0, repeat: int = 0) -> pd.DataFrame:
        raise AssertionError("raters take answers")


@pytest.fixture(scope="module")
def many() -> ImageSet:
    pixels = np.random.default_rng(0).integers(0, 256, (900, 4, 4, 3), dtype=np.uint8)
    return ImageSet.from_arrays(pixels, pd.DataFrame({"label": ["a"] * 900}))


@pytest.mark.parametrize(("bias", "to_no", "to_yes"), [(0.0, 0.1, 0.1), (0.5, 0.15, 0.05), (-1.0, 0.0, 0.2)])
def test_a_rater_errs_as_often_and_to_the_side_told(
    many: ImageSet, bias: float, to_no: float, to_yes: float
) -> None:
    right = Scripted().answers(many)
    told = NoisyRater(Scripted(), "x", noise=0.1, bias=bias).answers(many, seed=1)
    for given, chance in (("yes", to_no), ("no", to_yes)):
        rows = right["cell_size"] == given
        share = (told["cell_size"][rows] != given).mean()
        assert abs(share - chance) <= 4 * np.sqrt(chance * (1 - chance) / rows.sum())
    assert set(told["smear"]) == {"cannot tell"}


def test_a_repeat_is_a_new_look_with_the_kappa_that_the_noise_gives(many: ImageSet) -> None:
    """Two looks with error e at answers of which half are yes: kappa = (1 - 2e)^2."""
    rater = NoisyRater(Scripted(), "x", noise=0.1)
    first, again = (rater.rate(many, seed=3, repeat=k) for k in (0, 1))
    one, two = (t[t["criterion"] == "cell_size"]["answer"].tolist() for t in (first, again))
    found = cohen_kappa(one, two, level=0.999)
    assert found.lo <= 0.64 <= found.hi
    assert not set(first["event_id"]) & set(again["event_id"])
    pd.testing.assert_frame_equal(again, rater.rate(many, seed=3, repeat=1))


def test_an_oracle_flips_anew_at_a_repeat_and_by_criterion() -> None:
    cells = open_imageset("phantom-blood?n=200&size=32")
    expert = OracleExpert("phantom-blood", noise={"cell_size": 0.2, "chromatin": 0.05})
    clean = OracleExpert("phantom-blood", noise=0.0).answers(cells)
    first, again = expert.answers(cells, seed=1), expert.answers(cells, seed=1, repeat=1)
    wrong = [(each != clean).mean() for each in (first, again)]
    for share in wrong:
        assert abs(share["cell_size"] - 0.2) < 4 * np.sqrt(0.16 / 200)
        assert abs(share["chromatin"] - 0.05) < 4 * np.sqrt(0.0475 / 200)
        assert share["granules"] == 0
    assert (first["cell_size"] != again["cell_size"]).any()


def test_raters_of_one_panel_differ_and_fill_a_store_once(tmp_path: Path) -> None:
    cells = open_imageset("phantom-blood?n=60&size=32")
    ratings = check_ratings(
        simulate_ratings(OracleExpert("phantom-blood", noise=0.0), cells, raters=3, seed=1)
    )
    assert ratings["rater"].nunique() == 3
    assert ratings["rater"].str.startswith("simulated").all()
    assert (ratings["repeat"] == 1).sum() == 3 * 6 * 7
    shown_again = ratings[ratings["repeat"] == 1].groupby("rater")["image"].agg(set)
    assert shown_again.map(sorted).map(tuple).nunique() == 1
    assert set(ratings["origin"]) == {"real"}
    store = RatingStore(f"sqlite:///{tmp_path / 'r.db'}")
    assert store.add(ratings) == len(ratings)
    assert store.add(simulate_ratings(OracleExpert("phantom-blood", noise=0.0), cells, raters=3, seed=1)) == 0
    assert len(verdicts(store.ratings())) == 60
    one = simulate_ratings(OracleExpert("phantom-blood", noise=0.0), cells, raters=1, noise=0, repeats=0)
    assert len(one) == 60 * 7


def test_wrong_numbers_are_told(many: ImageSet) -> None:
    few = many.subset(np.arange(4))
    with pytest.raises(UserError, match="no images to rate"):
        simulate_ratings(Scripted(), many.subset([]))
    for faulty, word in (
        ({"raters": 0}, "raters"),
        ({"repeats": 1.2}, "share"),
        ({"noise": 0.4}, "noise must be"),
    ):
        with pytest.raises(UserError, match=word):
            simulate_ratings(Scripted(), few, **faulty)
    with pytest.raises(UserError, match="a rater errs"):
        NoisyRater(Scripted(), "x", noise=0.3, bias=1.0)


def test_an_expert_is_found_by_name(tmp_path: Path) -> None:
    cells = open_imageset("phantom-blood?n=24&size=32")
    assert simulated_expert("oracle", cells).name == "simulated: oracle of phantom-blood"
    for name, images, word in (
        ("oracel", cells, "did you mean 'oracle'"),
        ("oracle", discs(8), "no oracle knows these images"),
        ("oracle:phantom-derma", discs(8), "phantom-derm"),
        ("panel:x", cells, "no simulated expert"),
        ("attributes", cells, "none are given"),
    ):
        with pytest.raises(UserError, match=word):
            simulated_expert(name, images)
    with pytest.raises(UserError, match="not a saved panel"):
        simulated_expert("attributes", cells, saved=tmp_path)
    panel = AttributePanel(RULES)
    panel.fit(discs(80, seed=1), discs(80, seed=2), seed=0)
    panel.save(tmp_path / "p")
    assert simulated_expert("attributes", cells, saved=tmp_path / "p").name == panel.name
    with pytest.raises(UserError, match="kind attributes, not panel"):
        simulated_expert("panel", cells, saved=tmp_path / "p")


def test_judged_images_take_no_part_in_the_fit() -> None:
    real = discs(200, seed=1)
    judged = real.subset(np.arange(60))
    panel = simulated_expert("attributes", judged, real=real, rules=RULES, seed=0)
    assert isinstance(panel, AttributePanel)
    assert panel.card["n_train"] + panel.card["n_held_out"] == 140


def test_the_command_fills_a_store(tmp_path: Path) -> None:
    cells = open_imageset("phantom-blood?n=24&size=32")
    made = ImageSet.from_arrays(cells.images(), cells.table[["label"]], lineage=Lineage("gan", 0, "x"))
    write_folder(made, tmp_path / "made")
    store = f"sqlite:///{tmp_path / 'r.db'}"
    asked = ["ratings", "simulate", str(tmp_path / "made"), "--store", store]
    run = CliRunner().invoke(app, [*asked, "--expert", "oracle:phantom-blood", "--raters", "2"])
    assert run.exit_code == 0, run.output
    ratings = RatingStore(store, create=False).ratings()
    assert set(ratings["origin"]) == {"gan"}
    assert ratings["rater"].nunique() == 2
    run = CliRunner().invoke(app, asked)
    assert isinstance(run.exception, UserError)
    run = CliRunner().invoke(app, [*asked, "--expert", "oracle:phantom-blood", "--save", str(tmp_path / "o")])
    assert "an oracle is not kept" in str(run.exception)
