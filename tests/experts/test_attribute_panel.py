"""The attribute panel: it sees planted attributes, drops what it cannot see, and judges by the written rules."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synmedbench.core import UserError
from synmedbench.experts import (
    AttributePanel,
    check_ratings,
    measure_panel,
    panel_agreement,
    plausible_from,
    verdicts,
    wrong_requests,
)
from synmedbench.experts._attribute_calibrate import crossed_holds, pass_chances
from synmedbench.imagesets import ImageSet, Lineage, damage_pixels, open_imageset, split_by_group

from .planted_cells import RULES, discs


@pytest.fixture(scope="module")
def panel() -> AttributePanel:
    fitted = AttributePanel(RULES, kappas="none")
    fitted.fit(discs(160, seed=1), discs(240, seed=2), seed=0)
    return fitted


@pytest.fixture(scope="module")
def test_set() -> ImageSet:
    return discs(200, seed=3)


def relabelled(images: ImageSet, names: dict[str, str]) -> ImageSet:
    return images.with_table(images.table.assign(label=images.table["label"].map(names)))


def test_planted_attributes_are_read_and_a_coin_is_dropped(panel: AttributePanel, test_set: ImageSet) -> None:
    columns = panel.card["columns"]
    assert all(columns[name]["kept"] for name in ("width", "hue", "label"))
    assert columns["hue"]["lo"] > 0.9
    assert not columns["mood"]["kept"]
    assert "0.8 needed" in panel.card["dropped"]["mood"]
    assert panel.card["without_attributes"] == {"moss": "nobody looked"}
    told = panel.predict(test_set)
    known = test_set.table["hue"].notna()
    assert (told["hue"][known] == test_set.table["hue"][known]).mean() > 0.97
    answers = panel.answers(test_set)
    assert set(answers["chromatin"]) == {"cannot tell"}


def test_real_images_pass_as_often_as_calibrated(panel: AttributePanel, test_set: ImageSet) -> None:
    assert 0.85 <= panel.card["pass_share"] <= 0.92
    share = verdicts(check_ratings(panel.rate(test_set))).mean()
    assert 0.78 < share < 0.97
    assert "on the images that set the threshold" in panel.card["pass_share_is"]


def test_the_card_says_how_many_other_real_images_pass_with_the_panels_own_noise() -> None:
    """The threshold is set without noise, so with noise fewer pass than it was set to."""
    noisy = AttributePanel(RULES)
    noisy.fit(discs(160, seed=1), discs(240, seed=2), seed=0)
    fresh = discs(1200, seed=77)
    share = np.mean([plausible_from(noisy.answers(fresh, seed=seed)).mean() for seed in range(3)])
    told = noisy.card["pass_share_with_noise"]
    assert told["lo"] < share < told["hi"] < noisy.card["pass_share"]
    assert told["n"] == 240
    assert told["value"] < told["without_noise"] - 0.05
    assert set(told["by_class"]) == {"oak", "elm", "ash", "moss"}
    assert told["by_class"]["elm"] < told["by_class"]["moss"], "moss bears no attribute that is guessed"


def test_without_noise_the_card_has_one_share_of_others(panel: AttributePanel) -> None:
    told = panel.card["pass_share_with_noise"]
    assert told["value"] == told["without_noise"]
    assert told["lo"] < told["value"] < told["hi"]


def test_chances_over_the_guesses_are_what_many_looks_give(panel: AttributePanel) -> None:
    noisy = AttributePanel(RULES, kappas={"hue": 0.3, "width": 0.5})
    noisy._fitted = fitted = panel._fit()
    cells = discs(60, seed=6)
    holds = ~(fitted.ranks(cells.images(), cells.labels) <= fitted.threshold)
    chance = pass_chances(fitted, holds, cells.labels, noisy.kappas)
    looks = np.stack([plausible_from(noisy.answers(cells, seed=seed)) for seed in range(60)])
    error = np.sqrt((chance * (1 - chance)).sum() / len(looks)) / len(cells)
    assert abs(looks.mean() - chance.mean()) < 4 * error
    assert 0.3 < chance.mean() < 0.8


@pytest.mark.parametrize("seed", range(8))
def test_no_image_is_judged_at_a_threshold_that_it_set(seed: int) -> None:
    """Ten images of one class are ten folds: each is ranked among the nine others, at their threshold."""
    scores = np.random.default_rng(seed).random((10, 3))
    scores[4, 2] = np.nan

    def ranks(rows: np.ndarray, among: np.ndarray) -> np.ndarray:
        columns = [column[~np.isnan(column)] for column in among.T]
        found = [[np.mean(column < x) for column, x in zip(columns, row, strict=True)] for row in rows]
        return np.where(np.isnan(rows), np.nan, found)

    expected = []
    for i in range(10):
        others = np.delete(scores, i, axis=0)
        threshold = np.quantile(np.nanmin(ranks(others, others), axis=1), 0.3)
        expected.append(~(ranks(scores[i : i + 1], others)[0] <= threshold))
    np.testing.assert_array_equal(crossed_holds(scores, ["a"] * 10, 0.7, seed=0), expected)


def test_a_wrong_request_fails_on_the_question_that_it_breaks(
    panel: AttributePanel, test_set: ImageSet
) -> None:
    oaks = test_set.where(label="oak")
    answers = panel.answers(relabelled(oaks, {"oak": "elm"}))
    assert (answers["cell_size"] == "no").mean() > 0.95
    assert (answers["cytoplasm_colour"] == "yes").mean() > 0.9
    assert (answers["verdict"] == "no").mean() > 0.95
    assert plausible_from(panel.answers(wrong_requests(test_set))).mean() < 0.05


def test_classes_without_attributes_are_judged_on_class_smear_and_artefacts(
    panel: AttributePanel, test_set: ImageSet
) -> None:
    moss = test_set.where(label="moss")
    answers = panel.answers(moss)
    assert set(answers[["cell_size", "cytoplasm_colour", "granules"]].to_numpy().ravel()) == {"cannot tell"}
    assert set(answers["smear"]) <= {"yes", "no"}
    assert plausible_from(answers).mean() > 0.75
    assert plausible_from(panel.answers(relabelled(moss, {"moss": "oak"}))).mean() < 0.05
    odd = relabelled(moss, {"moss": "nobody heard of it"})
    assert plausible_from(panel.answers(odd)).mean() == 0
    unasked = moss.with_table(moss.table.assign(label=None))
    assert set(panel.answers(unasked)["verdict"]) == {"cannot tell"}


@pytest.mark.parametrize("fault", ["blur", "noise", "nothing but noise", "black"])
def test_images_that_no_smear_shows_fail(panel: AttributePanel, test_set: ImageSet, fault: str) -> None:
    pixels = test_set.images()
    changed = {
        "blur": lambda: damage_pixels(pixels, "blur", 2.0),
        "noise": lambda: damage_pixels(pixels, "noise", 25.0),
        "nothing but noise": lambda: np.random.default_rng(0).integers(0, 256, pixels.shape, dtype=np.uint8),
        "black": lambda: np.zeros_like(pixels),
    }[fault]()
    answers = panel.answers(ImageSet.from_arrays(changed, test_set.table))
    assert plausible_from(answers).mean() < 0.02
    assert (answers["smear"] == "no").mean() > 0.9


def test_answers_depend_on_the_image_and_not_on_its_neighbours(test_set: ImageSet) -> None:
    noisy = AttributePanel(RULES, kappas={"hue": 0.3})
    noisy.fit(discs(100, seed=1), discs(120, seed=2), seed=0)
    whole = noisy.rate(test_set, seed=3)
    part = noisy.rate(test_set.subset([40, 7]), seed=3)
    wanted = whole[whole["image"].isin(part["image"])].set_index("event_id").sort_index()
    pd.testing.assert_frame_equal(part.set_index("event_id").sort_index(), wanted)
    again = noisy.rate(test_set, seed=3, repeat=1)
    assert not set(again["event_id"]) & set(whole["event_id"])
    assert set(again["repeat"]) == {1}
    colour = [table[table["criterion"] == "cytoplasm_colour"]["answer"].tolist() for table in (whole, again)]
    size = [table[table["criterion"] == "cell_size"]["answer"].tolist() for table in (whole, again)]
    assert colour[0] != colour[1]
    assert size[0] == size[1]


def test_noise_makes_answers_wrong_as_often_as_the_kappa_says(panel: AttributePanel) -> None:
    """Among cells that are right, a guess is wrong as often as its margins say."""
    images = discs(800, seed=5).where(label="oak")
    noisy = AttributePanel(RULES, kappas="published")
    noisy._fitted = panel._fitted
    clear = panel.answers(images)["cytoplasm_colour"] == "yes"
    wrong = (noisy.answers(images, seed=1)["cytoplasm_colour"] == "no")[clear]
    expected = (1 - np.sqrt(0.81)) * (1 / 3)
    assert abs(wrong.mean() - expected) < 4 * np.sqrt(expected * (1 - expected) / len(wrong))


def test_origin_is_told_from_the_lineage(panel: AttributePanel, test_set: ImageSet) -> None:
    few = test_set.subset([0, 1, 2, 3])
    assert set(panel.rate(few)["origin"]) == {"real"}
    made = ImageSet.from_arrays(few.images(), few.table, lineage=Lineage("gan", 0, "x"))
    rated = panel.rate(made)
    assert set(rated["origin"]) == {"gan"}
    assert rated["rater"].str.startswith("simulated").all()
    mixed = few.with_table(few.table.assign(generator=["gan", None, "blur", None]))
    rated = panel.rate(mixed)
    assert rated.drop_duplicates("image")["origin"].tolist() == ["gan", "real", "blur", "real"]
    assert "generator" not in json.loads(rated["requested"].iloc[0])


def test_a_panel_is_saved_and_loaded(panel: AttributePanel, test_set: ImageSet, tmp_path: Path) -> None:
    panel.save(tmp_path / "panel")
    back = AttributePanel.load(tmp_path / "panel")
    pd.testing.assert_frame_equal(back.rate(test_set, seed=1), panel.rate(test_set, seed=1))
    assert back.card == panel.card
    with pytest.raises(UserError, match="not a saved attribute panel"):
        AttributePanel.load(tmp_path)
    (tmp_path / "panel" / "panel.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match="not a saved attribute panel"):
        AttributePanel.load(tmp_path / "panel")


def test_a_network_sees_and_is_saved_too(test_set: ImageSet, tmp_path: Path) -> None:
    panel = AttributePanel(RULES, features="test_byobnet", steps=30)
    panel.fit(discs(120, seed=1), discs(120, seed=2), seed=0)
    assert panel.card["columns"]["hue"]["kept"]
    few = test_set.subset(np.arange(24))
    panel.save(tmp_path / "panel")
    back = AttributePanel.load(tmp_path / "panel")
    pd.testing.assert_frame_equal(back.answers(few, seed=1), panel.answers(few, seed=1))


def test_the_card_measures_and_compares(panel: AttributePanel, test_set: ImageSet) -> None:
    found = measure_panel(panel, test_set.subset(np.arange(80)))
    assert found["attributes"]["hue"]["balanced_accuracy"] > 0.95
    assert found["real"]["value"] > 0.75 > 0.1 > found["wrong class"]["value"]
    assert set(found["real"]["by class"]) == {"oak", "elm", "ash", "moss"}
    assert found["faults"]["noise alone"]["value"] == 0
    json.dumps(found)
    other = AttributePanel(RULES, kappas="none")
    other.fit(discs(120, seed=8), discs(160, seed=9), seed=1)
    agree = panel_agreement(panel, other, test_set)
    assert agree["n"] == 2 * len(test_set)
    right, wrong = agree["pass share"]["right class"], agree["pass share"]["wrong class"]
    by_hand = np.mean([p * q + (1 - p) * (1 - q) for p, q in (right, wrong)])
    assert agree["expected"]["agreement"] == pytest.approx(by_hand, abs=1e-4)
    assert agree["agreement"]["value"] > 0.85


def test_bad_input_is_told(panel: AttributePanel) -> None:
    real, held = discs(80, seed=1), discs(80, seed=2)
    fresh = AttributePanel(RULES)
    with pytest.raises(UserError, match="not fitted"):
        fresh.rate(held)
    with pytest.raises(UserError, match="no image bears an attribute"):
        fresh.fit(discs(80, attributes=False), held, seed=0)
    empty = real.with_table(real.table.assign(width=None, hue=None, mood=None))
    with pytest.raises(UserError, match="no image bears an attribute"):
        fresh.fit(empty, held, seed=0)
    with pytest.raises(UserError, match="two classes or more"):
        fresh.fit(real.where(label="oak"), held, seed=0)
    numbers = real.with_table(real.table.assign(width=1.5, hue="violet"))
    with pytest.raises(UserError, match=r"width holds 1.5.*hue holds 'violet'"):
        fresh.fit(numbers, held, seed=0)
    with pytest.raises(UserError, match="10 held-out images, 20 needed"):
        fresh.fit(real, held.subset(np.arange(10)), seed=0)
    bare = held.with_table(held.table[["file_name", "label"]])
    with pytest.raises(UserError, match="no attribute can be predicted"):
        fresh.fit(real, bare, seed=0)
    with pytest.raises(UserError, match="16 pixels or more, got 8"):
        fresh.fit(discs(80, side=8), held, seed=0)
    with pytest.raises(UserError, match="judges at 24 pixels, an image has 20"):
        panel.rate(discs(8, side=20))
    with pytest.raises(UserError, match="no column 'label'"):
        panel.rate(held.with_table(held.table[["file_name"]]))
    with pytest.raises(UserError, match="fitted on real images, got none"):
        fresh.fit(real.subset([]), held, seed=0)
    mixed = discs(80, side=20)
    with pytest.raises(UserError, match="judges at 24 pixels, an image has 20"):
        AttributePanel(RULES, size=24).fit(real, mixed, seed=0)
    assert len(panel.rate(held.subset([]))) == 0


def test_bad_settings_are_told() -> None:
    for faulty in ({"hue": 0.0}, {"hoe": 0.5}, "some"):
        with pytest.raises(UserError, match="kappas"):
            AttributePanel(RULES, kappas=faulty)
    with pytest.raises(UserError, match="pass_share"):
        AttributePanel(RULES, pass_share=1.0)
    with pytest.raises(UserError, match="at least 16"):
        AttributePanel(RULES, size=8)
    drawn = AttributePanel(RULES, weights="x.safetensors")
    with pytest.raises(UserError, match="take no weights"):
        drawn.fit(discs(80), discs(80, seed=1), seed=0)


@pytest.mark.slow
def test_two_panels_on_real_cells() -> None:
    """Granules, ratio and colour are told at 32 pixels; real cells pass, wrong classes and noise do not."""
    folder = Path(os.environ.get("SYNMEDBENCH_DATA", "")) / "pbc64"
    if not folder.is_dir() or not os.environ.get("SYNMEDBENCH_DATA"):
        pytest.skip("SYNMEDBENCH_DATA has no pbc64")
    shares = {"A": 0.26, "A held": 0.11, "B": 0.26, "B held": 0.11, "test": 0.26}
    cells = split_by_group(open_imageset(str(folder)), fractions=shares, seed=0)
    panels = []
    for name, features in (("A", "test_byobnet"), ("B", "drawn")):
        panels.append(AttributePanel(features=features, size=32, kappas="none"))
        panels[-1].fit(cells.where(split=name), cells.where(split=f"{name} held"), seed=0)
        found = measure_panel(panels[-1], cells.where(split="test"))
        for attribute in ("granule_type", "granularity", "nuclear_cytoplasmic_ratio", "cytoplasm_colour"):
            assert found["attributes"][attribute]["lo"] > 0.85
        assert found["real"]["value"] > 0.8
        assert found["wrong class"]["value"] < 0.15
        assert found["faults"]["noise alone"]["value"] < 0.01
    agree = panel_agreement(panels[0], panels[1], cells.where(split="test"))
    assert agree["agreement"]["value"] >= agree["expected"]["agreement"] - 0.03
