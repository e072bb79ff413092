"""The reward model learns a planted rule, knows its classes, is calibrated, and has a gradient."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from synmedbench.core import UserError
from synmedbench.metrics import RewardModel

Made = tuple[np.ndarray, pd.DataFrame, np.ndarray]


def cells(n: int, seed: int, *, artefacts: bool) -> Made:
    """Squares of the colour that the label names; implausible: another colour, or a black bar across."""
    rng = np.random.default_rng(seed)
    images = rng.integers(100, 160, (n, 32, 32, 3), dtype=np.uint8)
    asked, shown, bar = rng.integers(0, 3, n), np.zeros(n, int), np.zeros(n, bool)
    for i in range(n):
        wrong = artefacts and rng.random() < 0.25
        bar[i] = artefacts and rng.random() < 0.25
        shown[i] = (asked[i] + rng.integers(1, 3)) % 3 if wrong else asked[i]
        row, column = rng.integers(2, 16, 2)
        images[i, row : row + 14, column : column + 14, shown[i]] = 240
        if bar[i]:
            images[i, rng.integers(4, 26) :][:3] = 20
    table = pd.DataFrame(
        {"label": np.array(["red", "green", "blue"])[asked], "tone": ["I-II", None] * (n // 2)}
    )
    return images, table, ((asked == shown) & ~bar).astype(float)


@pytest.fixture(scope="module")
def real() -> Made:
    return cells(160, 1, artefacts=False)


@pytest.fixture(scope="module")
def fitted(real: Made) -> RewardModel:
    model = RewardModel(columns=("label", "tone"), steps=90, batch_size=24)
    images, table, verdict = cells(240, 2, artefacts=True)
    answers = answered(images, table)
    model.fit(images, table, verdict, criteria=answers, real_images=real[0], real_conditions=real[1], seed=0)
    return model


def answered(images: np.ndarray, table: pd.DataFrame) -> pd.DataFrame:
    """What an expert says to two questions: is the colour the one that was asked for, is there no bar."""
    colour = np.array(["red", "green", "blue"])[(images > 200).sum((1, 2)).argmax(1)]
    bar = ((images == 20).all(3).sum(2) == 32).any(1)
    return pd.DataFrame({"colour": (colour == table["label"].to_numpy()).astype(float), "no bar": 1.0 - bar})


def auroc(p: np.ndarray, verdict: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(verdict, p))


def test_it_learns_the_rule_and_the_class(fitted: RewardModel) -> None:
    images, table, verdict = cells(200, 3, artefacts=True)
    p = fitted.probability(images, table)
    assert auroc(p, verdict) > 0.9
    assert ((p >= 0) & (p <= 1)).all()
    assert abs(p.mean() - verdict.mean()) < 0.15
    good, names, _ = cells(100, 4, artefacts=False)
    swapped = names.assign(label=names["label"].map({"red": "green", "green": "blue", "blue": "red"}))
    assert (fitted.probability(good, names) > fitted.probability(good, swapped)).mean() > 0.9


def test_the_card_tells_of_held_out_ratings(fitted: RewardModel) -> None:
    card = fitted.card
    assert card["n_ratings"] == 240
    assert card["n_held_out"] == 60
    assert card["auroc_lo"] <= card["auroc"] <= card["auroc_hi"]
    assert card["auroc"] > 0.8
    assert card["swap_auroc"] > 0.9
    assert 0 <= card["brier"] < 0.25
    assert set(card["by_class"]) == {"red", "green", "blue"}
    assert sum(row["n"] for row in card["by_class"].values()) == 60


def test_the_logit_is_the_probability_and_has_a_gradient(fitted: RewardModel) -> None:
    images, table, _ = cells(6, 5, artefacts=True)
    x = (torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1).requires_grad_()
    logit = fitted.logit(x, table)
    np.testing.assert_allclose(
        torch.sigmoid(logit).detach().numpy(), fitted.probability(images, table), atol=1e-4
    )
    (gradient,) = torch.autograd.grad(logit.sum(), x)
    assert gradient.shape == x.shape
    assert torch.isfinite(gradient).all()
    assert float(gradient.abs().sum()) > 0
    step = x + 0.02 * gradient.sign()
    assert (fitted.logit(step, table) > logit).float().mean() > 0.6


def test_one_image_is_judged_without_its_neighbours(fitted: RewardModel) -> None:
    images, table, _ = cells(80, 6, artefacts=True)
    together = fitted.probability(images, table)
    alone = fitted.probability(images[70:71], table.iloc[70:71])
    np.testing.assert_allclose(alone, together[70:71], atol=1e-5)


def test_saved_and_read_back(fitted: RewardModel, tmp_path: Path) -> None:
    images, table, _ = cells(8, 7, artefacts=True)
    fitted.save(tmp_path / "reward")
    assert {p.name for p in (tmp_path / "reward").iterdir()} == {"reward.json", "weights.safetensors"}
    back = RewardModel.load(tmp_path / "reward")
    np.testing.assert_array_equal(back.probability(images, table), fitted.probability(images, table))
    assert back.key == fitted.key
    assert back.card == fitted.card
    assert back.columns == fitted.columns
    (tmp_path / "reward" / "reward.json").unlink()
    with pytest.raises(UserError, match=r"reward\.json"):
        RewardModel.load(tmp_path / "reward")


def test_values_never_seen_are_told_and_missing_ones_are_unknown(fitted: RewardModel) -> None:
    images, table, _ = cells(4, 8, artefacts=True)
    with pytest.raises(UserError, match="never saw label 'violet'"):
        fitted.probability(images, table.assign(label="violet"))
    with pytest.raises(UserError, match="no column 'label'"):
        fitted.probability(images, table[["tone"]])
    with pytest.raises(UserError, match="4 images but 3 rows"):
        fitted.probability(images, table.iloc[:3])
    without = fitted.probability(images, table[["label"]])
    np.testing.assert_allclose(without, fitted.probability(images, table.assign(tone="unknown")))
    assert np.isfinite(fitted.probability(images, table.assign(label=None))).all()


def test_ratings_that_all_agree_need_automatic_feedback(real: Made) -> None:
    images, table, _ = cells(16, 9, artefacts=False)
    with pytest.raises(UserError, match="same verdict"):
        RewardModel(steps=2).fit(images, table, np.ones(16), seed=0)
    model = RewardModel(steps=2, batch_size=4)
    model.fit(images, table, np.ones(16), real_images=real[0], real_conditions=real[1], seed=0)
    assert model.card["auroc"] is None
    assert "not enough data" in model.card["reason"]


def test_one_seed_gives_one_model_and_unrated_images_are_left_out() -> None:
    images, table, verdict = cells(40, 10, artefacts=True)
    models = [RewardModel(steps=3, batch_size=8) for _ in range(3)]
    models[0].fit(images, table, verdict, seed=1)
    models[1].fit(images, table, verdict, seed=1)
    models[2].fit(images, table, np.r_[np.full(5, np.nan), verdict[5:]], seed=1)
    assert models[0].key == models[1].key != models[2].key
    assert models[2].card["n_ratings"] == 35


def test_an_ensemble_is_the_mean_of_its_networks() -> None:
    images, table, verdict = cells(40, 11, artefacts=True)
    model = RewardModel(steps=3, batch_size=8, ensemble=2)
    model.fit(images, table, verdict, seed=1)
    assert len(model.networks) == 2
    assert model.card["n_held_out"] == 20
    x = torch.rand(4, 3, 32, 32) * 2 - 1
    mean = model.logit(x, table[:4])
    networks = model.networks
    each = []
    for network in networks:
        model.networks = [network]
        each.append(model.logit(x, table[:4]))
    torch.testing.assert_close(mean, torch.stack(each).mean(0))


def test_bad_input() -> None:
    images, table, verdict = cells(8, 12, artefacts=True)
    with pytest.raises(UserError, match="verdicts must be 0"):
        RewardModel(steps=1).fit(images, table, verdict + 0.5, seed=0)
    with pytest.raises(UserError, match="no ratings"):
        RewardModel(steps=1).fit(images, table, np.full(8, np.nan), seed=0)
    with pytest.raises(UserError, match="7 verdicts"):
        RewardModel(steps=1).fit(images, table, verdict[:7], seed=0)
    with pytest.raises(UserError, match="no column 'site'"):
        RewardModel(columns=("label", "site"), steps=1).fit(images, table, verdict, seed=0)
    with pytest.raises(UserError, match="real_conditions"):
        RewardModel(steps=1).fit(images, table, verdict, real_images=images, seed=0)
    with pytest.raises(UserError, match="not fitted"):
        RewardModel().probability(images, table)


def test_criteria_say_what_is_wrong(fitted: RewardModel) -> None:
    images, table, verdict = cells(200, 13, artefacts=True)
    true, told = answered(images, table), fitted.criteria_probability(images, table)
    assert (true.all(axis=1) == (verdict > 0)).all()
    assert list(told.columns) == ["colour", "no bar"]
    assert ((told >= 0) & (told <= 1)).all().all()
    for name in told:
        assert auroc(told[name].to_numpy(), true[name].to_numpy()) > 0.85
        assert fitted.card["criteria"][name]["n"] == 60
    barred = (true["colour"] > 0) & (true["no bar"] == 0)
    assert (told.loc[barred, "colour"] > told.loc[barred, "no bar"]).mean() > 0.8
    coloured = (true["colour"] == 0) & (true["no bar"] > 0)
    assert (told.loc[coloured, "no bar"] > told.loc[coloured, "colour"]).mean() > 0.8


def test_a_card_on_other_images_fits_nothing(fitted: RewardModel) -> None:
    images, table, verdict = cells(150, 14, artefacts=True)
    before = fitted.key
    card = fitted.card_on(images, table, verdict, seed=0)
    assert fitted.key == before
    p = fitted.probability(images, table)
    assert card["n"] == 150
    assert card["auroc"] == pytest.approx(auroc(p, verdict))
    assert card["mean_probability"] == pytest.approx(p.mean())
    assert card["brier"] == pytest.approx(((p - verdict) ** 2).mean())
    assert card["plausible_share"] == verdict.mean()
    turned = fitted.card_on(images, table, 1 - verdict, seed=0)
    assert turned["auroc"] == pytest.approx(1 - card["auroc"])
    some = fitted.card_on(images, table, np.r_[np.full(140, np.nan), verdict[140:]], seed=0)
    assert (some["n"], some["auroc"]) == (10, None)
    assert "not enough data" in some["reason"]
    assert some["mean_probability"] == pytest.approx(p[140:].mean())


def test_without_criteria_there_are_none_and_old_folders_still_load(tmp_path: Path) -> None:
    images, table, verdict = cells(24, 15, artefacts=True)
    model = RewardModel(steps=2, batch_size=8)
    model.fit(images, table, verdict, seed=0)
    with pytest.raises(UserError, match="without answers to single criteria"):
        model.criteria_probability(images, table)
    model.save(tmp_path / "m")
    about = json.loads((tmp_path / "m" / "reward.json").read_text())
    for key in ("criteria", "criteria_calibration", "ratings_key"):
        del about[key]
    (tmp_path / "m" / "reward.json").write_text(json.dumps(about | {"version": 1}))
    old = RewardModel.load(tmp_path / "m")
    np.testing.assert_array_equal(old.probability(images, table), model.probability(images, table))


def test_images_of_another_size_are_refused(fitted: RewardModel, real: Made) -> None:
    images, table, verdict = cells(8, 16, artefacts=True)
    with pytest.raises(UserError, match="32 px, these have 16 x 16"):
        fitted.probability(images[:, ::2, ::2], table)
    with pytest.raises(UserError, match="real images have 16 px"):
        RewardModel(steps=1).fit(
            images, table, verdict, real_images=real[0][:, ::2, ::2], real_conditions=real[1], seed=0
        )


def test_small_images_keep_finer_maps_where_the_backbone_can(tmp_path: Path) -> None:
    images, table, verdict = cells(16, 17, artefacts=True)
    for backbone, stride in (("test_resnet", 8), ("test_vit", None)):
        model = RewardModel(backbone, steps=1, batch_size=8)
        model.fit(images, table, verdict, seed=0)
        assert model.output_stride == stride
        model.save(tmp_path / backbone)
        back = RewardModel.load(tmp_path / backbone)
        np.testing.assert_array_equal(back.probability(images, table), model.probability(images, table))
