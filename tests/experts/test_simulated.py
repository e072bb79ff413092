"""Simulated experts: the oracle errs as often as it is told to, a panel passes what it was calibrated to
pass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synmedbench.core import UserError
from synmedbench.experts import OracleExpert, PanelExpert, RatingStore, check_ratings, verdicts
from synmedbench.imagesets import ImageSet, open_imageset, split_by_group


@pytest.fixture(scope="module")
def skin() -> ImageSet:
    return open_imageset("phantom-derm?n=96&diseases=4&size=32&seed=5")


def test_without_noise_the_expert_says_what_the_oracle_says(skin: ImageSet) -> None:
    expert = OracleExpert("phantom-derm", noise=0.0)
    ratings = check_ratings(expert.rate(skin, seed=0))
    judged = expert.oracle.judge(skin.images(), skin.table)
    assert (
        verdicts(ratings).reindex(skin.table["file_name"]).tolist()
        == judged["plausible"].astype(int).tolist()
    )
    assert expert.name.startswith("simulated")
    size = (
        ratings[ratings["criterion"] == "size"].set_index("image")["answer"].reindex(skin.table["file_name"])
    )
    assert (size == "yes").tolist() == judged["size"].tolist()


def test_a_wrong_request_is_seen(skin: ImageSet) -> None:
    expert = OracleExpert("phantom-derm", noise=0.0)
    shifted = skin.with_table(skin.table.assign(label=np.roll(skin.table["label"], 1)))
    changed = (shifted.table["label"] != skin.table["label"]).to_numpy()
    right = verdicts(expert.rate(skin, seed=0)).mean()
    wrong = verdicts(expert.rate(shifted.subset(changed), seed=0)).mean()
    assert right > 0.8
    assert wrong < 0.2


def test_answers_are_flipped_as_often_as_told(skin: ImageSet) -> None:
    clean = OracleExpert("phantom-derm", noise=0.0).rate(skin, seed=1)["answer"].to_numpy()
    noisy = OracleExpert("phantom-derm", noise=0.1).rate(skin, seed=1)["answer"].to_numpy()
    n = len(clean)
    assert abs((clean != noisy).mean() - 0.1) < 4 * np.sqrt(0.1 * 0.9 / n)
    one = OracleExpert("phantom-derm", noise={"tone": 0.3}).rate(skin, seed=1)
    differs = one[one["answer"].to_numpy() != clean]
    assert set(differs["criterion"]) == {"tone"}


def test_answers_depend_on_the_image_and_not_on_its_neighbours(skin: ImageSet) -> None:
    expert = OracleExpert("phantom-derm", noise=0.2)
    whole = expert.rate(skin, seed=3)
    pd.testing.assert_frame_equal(whole, OracleExpert("phantom-derm", noise=0.2).rate(skin, seed=3))
    part = expert.rate(skin.subset([40, 7]), seed=3)
    wanted = whole[whole["image"].isin(part["image"])].set_index("event_id").sort_index()
    pd.testing.assert_frame_equal(part.set_index("event_id").sort_index(), wanted)
    assert (expert.rate(skin, seed=4)["answer"] != whole["answer"]).any()


def test_ratings_go_into_a_store_once(skin: ImageSet, tmp_path: Path) -> None:
    store = RatingStore(f"sqlite:///{tmp_path / 'r.db'}")
    ratings = OracleExpert("phantom-derm").rate(skin, seed=0)
    assert store.add(ratings) == len(ratings) == 96 * 6
    assert store.add(OracleExpert("phantom-derm").rate(skin, seed=0)) == 0
    pd.testing.assert_series_equal(verdicts(store.ratings()), verdicts(ratings), check_dtype=False)


def test_blood_oracle_rates_too() -> None:
    cells = open_imageset("phantom-blood?n=32&size=32")
    ratings = check_ratings(OracleExpert("phantom-blood", noise=0.0).rate(cells, seed=0))
    assert ratings["criteria"].unique().tolist() == ["blood"]
    assert verdicts(ratings).mean() > 0.7


def test_noise_must_make_sense() -> None:
    for noise in (0.5, -0.1, {"shape": 0.1}):
        with pytest.raises(UserError, match="noise must be"):
            OracleExpert("phantom-derm", noise=noise)
    with pytest.raises(UserError, match="phantom"):
        OracleExpert("phantom-drem")


def painted(n: int = 240) -> ImageSet:
    """Images whose class is their colour: what any network learns in a few steps."""
    dice = np.random.default_rng(0)
    labels = [("red", "green", "blue")[i % 3] for i in range(n)]
    sides = [("left", "right")[int(v)] for v in dice.integers(0, 2, n)]
    pixels = dice.integers(60, 120, (n, 16, 16, 3))
    for i, label in enumerate(labels):
        pixels[i, :, :, ("red", "green", "blue").index(label)] += 110
    table = pd.DataFrame({"label": labels, "side": sides})
    return ImageSet.from_arrays(pixels.astype(np.uint8), table)


@pytest.fixture(scope="module")
def panel() -> tuple[PanelExpert, ImageSet]:
    split = split_by_group(painted(), fractions={"train": 0.4, "val": 0.3, "test": 0.3}, seed=0)
    expert = PanelExpert("resnet10t", columns=("label", "side"), steps=20, name="panel H")
    expert.fit(split.where(split="train"), split.where(split="val"), seed=0)
    return expert, split.where(split="test")


def test_panel_passes_real_images_and_fails_wrong_requests(panel: tuple[PanelExpert, ImageSet]) -> None:
    expert, test = panel
    assert expert.name == "simulated: panel H, resnet10t"
    assert 0.88 <= expert.card["pass_share"] <= 0.92
    assert verdicts(check_ratings(expert.rate(test, seed=0))).mean() > 0.75
    wrong = test.with_table(
        test.table.assign(label=test.table["label"].map({"red": "blue", "blue": "green", "green": "red"}))
    )
    assert verdicts(expert.rate(wrong, seed=0)).mean() < 0.05


def test_panel_drops_what_it_cannot_see_and_says_so(panel: tuple[PanelExpert, ImageSet]) -> None:
    expert, test = panel
    assert expert.card["columns"]["label"]["reliable"] is True
    assert expert.card["columns"]["side"]["kept"] is False
    assert expert.rate(test, seed=0)["criterion"].unique().tolist() == ["label"]


def test_panel_fails_unknown_requests_and_passes_none(panel: tuple[PanelExpert, ImageSet]) -> None:
    expert, test = panel
    two = test.subset([0, 1])
    odd = two.with_table(two.table.assign(label=["violet", None]))
    assert verdicts(expert.rate(odd, seed=0)).reindex(odd.table["file_name"]).tolist() == [0, 1]
    with pytest.raises(UserError, match="nothing was requested of label"):
        expert.rate(two.with_table(two.table.drop(columns="label")), seed=0)


def test_panel_is_saved_and_loaded(panel: tuple[PanelExpert, ImageSet], tmp_path: Path) -> None:
    expert, test = panel
    expert.save(tmp_path / "panel")
    back = PanelExpert.load(tmp_path / "panel")
    pd.testing.assert_frame_equal(back.rate(test, seed=0), expert.rate(test, seed=0))
    assert back.card == expert.card
    with pytest.raises(UserError, match="not a saved panel"):
        PanelExpert.load(tmp_path)


def test_panel_needs_held_out_images_and_a_fit(panel: tuple[PanelExpert, ImageSet]) -> None:
    _, test = panel
    with pytest.raises(UserError, match="not fitted"):
        PanelExpert().rate(test, seed=0)
    with pytest.raises(UserError, match="3 held-out images bear a known 'label', 20 needed"):
        PanelExpert(steps=1).fit(test, test.subset([0, 1, 2]), seed=0)
