"""One cell: the rows it gives, what it keeps, and that features once computed give what images give."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from drawn_sets import drawn

from synmedbench.benchmark._cell_data import cell_data
from synmedbench.benchmark._shelf import shelve
from synmedbench.benchmark._stage import Work
from synmedbench.benchmark._work_cells import train_cell
from synmedbench.benchmark._work_data import GROUP, divide
from synmedbench.benchmark._work_embed import embed
from synmedbench.benchmark._work_lacking import null_cell
from synmedbench.benchmark._work_tune import tune_real_only
from synmedbench.core import UserError, silent

FROZEN = {"name": "timm:test_resnet", "weights": "random", "frozen": True}
SHARES = {"train": 0.4, "val": 0.15, "reference": 0.1, "holdout": 0.1, "test": 0.25}
N = 160


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    """Data with sites, a pool of synthetic images, an external set."""
    root = tmp_path_factory.mktemp("Zellen")
    images = drawn(N, 0)
    images = images.with_table(images.table.assign(site=np.array(["a", "b"])[(np.arange(N) // 2) % 2]))
    sets = {
        "data": divide(images, SHARES, "patient_id"),
        "synthetic": drawn(64, 5),
        "external-far": drawn(40, 7),
    }
    for name, made in sets.items():
        (root / name).mkdir()
        shelve(made, root / name)
    return {name: root / name for name in sets}


def config(**changed):
    return {
        "arm": "real-only", "generator": None, "n_real": 8, "ratio": 0.0, "model": FROZEN, "classifier": "c",
        "classes": ["round", "streaky"], "strata": ["sex"], "min_stratum": 5, "group": "patient_id", "seed": 0,
        "test_set": "test", "open_set": None, **changed,
    }  # fmt: skip


def train(folders, out: Path, needs=("data",), **changed) -> list[dict]:
    out.mkdir()
    train_cell(Work(config(**changed), 0, {need: folders[need] for need in needs}, out, out, silent()))
    return json.loads((out / "cell.json").read_text())["rows"]


def values(rows: list[dict], test_set: str = "test") -> dict:
    return {(row["metric"], row["stratum"]): row["value"] for row in rows if row["test_set"] == test_set}


def test_a_cell_that_nothing_can_be_trained_on_keeps_its_rows_with_the_reason(folders, tmp_path):
    reason = "not enough data: no image with sex x among its own real images"
    asked = config(arm="real+aimed-synthetic", lacking=reason)
    null_cell(Work(asked, 0, {"data": folders["data"]}, tmp_path, tmp_path, silent()))
    note = json.loads((tmp_path / "cell.json").read_text())
    assert note["test_sets"] == []
    assert {(row["value"], row["reason"]) for row in note["rows"]} == {(None, reason)}


def with_features(folders, root: Path, *needs: str) -> dict[str, Path]:
    made = dict(folders)
    for need in needs:
        out = root / f"features-{need}"
        out.mkdir()
        asked = {"model": FROZEN, "splits": need == "data"}
        embed(Work(asked, 0, {"images": folders[need]}, out, out, silent()))
        made[f"features-{need}"] = out
    return made


ARMS = {
    "real-only": (), "real+synthetic": ("synthetic",), "synthetic-then-real": ("synthetic",), "extra-real": (),
    "classical": (), "mixup": (), "focal": (),
}  # fmt: skip


@pytest.mark.parametrize(("arm", "needs"), ARMS.items())
def test_features_computed_once_give_what_images_give(folders, tmp_path, arm, needs):
    kept = with_features(folders, tmp_path, "data", *needs)
    changed = {"arm": arm, "ratio": 1.0, "generator": "gan" if needs else None}
    by_images = train(folders, tmp_path / "a", ("data", *needs), **changed)
    by_features = train(
        kept, tmp_path / "b", ("data", *needs, *(f"features-{n}" for n in ("data", *needs))), **changed
    )
    assert set(values(by_images)) == set(values(by_features))
    with np.load(tmp_path / "a/predictions.npz") as a, np.load(tmp_path / "b/predictions.npz") as b:
        assert a["labels"].tolist() == b["labels"].tolist()
        assert b["probabilities"] == pytest.approx(a["probabilities"], abs=0.002)
        assert a["probabilities"].std() > 0.001


def test_a_cell_keeps_draws_and_predictions_that_agree_with_its_rows(folders, tmp_path):
    rows = train(folders, tmp_path / "c")
    note = json.loads((tmp_path / "c" / "cell.json").read_text())
    assert note["temperature"] > 0
    with np.load(tmp_path / "c" / "predictions.npz") as kept:
        hits = kept["probabilities"].argmax(1) == kept["labels"]
        shares = [hits[kept["labels"] == k].mean() for k in (0, 1)]
        assert kept["probabilities"].dtype == np.float32
    found = values(rows)
    assert found["balanced_accuracy", "all"] == pytest.approx(np.mean(shares), abs=1e-6)
    with np.load(tmp_path / "c" / "replicates.npz") as kept:
        assert kept["macro_auroc"][0] == pytest.approx(found["macro_auroc", "all"], abs=1e-6)
    assert ("ece_scaled", "all") in found
    assert {row["open_set"] for row in rows} == {None}


def test_an_external_set_is_tested_beside_the_runs_own(folders, tmp_path):
    needs = ("data", "external-far")
    rows = train(folders, tmp_path / "c", needs, external=["far"])
    note = json.loads((tmp_path / "c" / "cell.json").read_text())
    assert note["test_sets"] == ["test", "external:far"]
    assert values(rows, "external:far")["macro_auroc", "all"] is not None
    assert {
        row["n_test"] for row in rows if row["test_set"] == "external:far" and row["stratum"] == "all"
    } == {40}
    with np.load(tmp_path / "c" / "predictions-1.npz") as kept:
        assert len(kept["labels"]) == 40


def test_a_left_out_site_is_tested_and_never_trained_on(folders):
    found = cell_data(folders["data"], {"n_real": 4, "left_out": ["site", "b"]}, 0)
    for rows, site in ((found.subset, "a"), (found.spare, "a"), (found.val, "a"), (found.test, "b")):
        assert set(found.stratum("site", rows).tolist()) == {site}


def test_images_of_unknown_site_are_not_trained_on_where_a_site_is_left_out(folders, tmp_path):
    from synmedbench.benchmark._shelf import unshelve

    images = unshelve(folders["data"])
    drawn_sites = np.random.default_rng(0).integers(0, 3, len(images))
    site = np.array(["a", "b", None], dtype=object)[drawn_sites]
    shelve(images.with_table(images.table.assign(site=site)), tmp_path)
    found = cell_data(tmp_path, {"n_real": 4, "left_out": ["site", "b"]}, 0)
    parts = {"subset": found.subset, "spare": found.spare, "val": found.val, "test": found.test}
    known = {name: set(found.stratum("site", rows).tolist()) for name, rows in parts.items()}
    assert known == {"subset": {"a"}, "spare": {"a"}, "val": {"a"}, "test": {"b"}}
    assert "unknown" in cell_data(tmp_path, {"n_real": 4}, 0).stratum("site", found.images.table.index.to_numpy())


def test_validation_is_no_larger_than_training_nested_and_counted(folders, tmp_path):
    few, more = (cell_data(folders["data"], {"n_real": n}, 3) for n in (2, 4))
    for found, n in ((few, 2), (more, 4)):
        assert sorted(found.labels(found.val)) == ["round"] * n + ["streaky"] * n
        assert set(found.stratum("split", found.val).tolist()) == {"val"}
    assert set(few.val.tolist()) < set(more.val.tolist())
    assert cell_data(folders["data"], {"n_real": 2}, 4).val.tolist() != few.val.tolist()
    every = cell_data(folders["data"], {"n_real": 16}, 3).val
    assert len(every) == (few.images.column("split") == "val").sum()
    train(folders, tmp_path / "c", n_real=4)
    assert json.loads((tmp_path / "c" / "cell.json").read_text())["n_val"] == 8


class Zero:
    """Stands for a trained network that scores everything alike."""

    def __init__(self, final_loss: float, ended: bool | None, features: str | None = "features") -> None:
        self.final_loss, self.ended, self.features = final_loss, ended, features

    def logits(self, work, need, rows):
        return np.zeros((len(rows), 2))


MARKS = {
    ("real-only", 0.2, True): None,
    ("real-only", 0.2, None): None,
    ("real-only", 0.7, True): "a uniform guess has less",
    ("focal", 0.1, True): None,
    ("focal", 0.2, True): "a uniform guess has less",
    ("real-only", 0.2, False): "had not come to an end",
}


@pytest.mark.parametrize(("case", "mark"), MARKS.items())
def test_a_cell_that_had_not_converged_is_marked_by_its_own_loss(folders, tmp_path, monkeypatch, case, mark):
    arm, loss, ended = case
    monkeypatch.setattr("synmedbench.benchmark._work_cells.trained", lambda *_: Zero(loss, ended))
    rows = train(folders, tmp_path / "c", arm=arm)
    reasons = {row["reason"] for row in rows if row["value"] is not None}
    assert reasons == {None} if mark is None else all("not at its plateau" in r and mark in r for r in reasons)
    note = json.loads((tmp_path / "c" / "cell.json").read_text())
    assert (note["ended"], note["plateau"]) == (ended, mark is None or "end" in mark)


def test_draws_hold_nothing_but_measures(folders, tmp_path, monkeypatch):
    monkeypatch.setattr("synmedbench.benchmark._work_cells.trained", lambda *_: Zero(0.2, True))
    train(folders, tmp_path / "c")
    with np.load(tmp_path / "c" / "replicates.npz") as kept:
        assert "macro_auroc" in kept.files
        assert "allow_pickle" not in kept.files


def test_a_site_without_a_test_image_gives_null_rows(folders, tmp_path):
    rows = train(folders, tmp_path / "c", test_set="site=z", left_out=["site", "z"])
    assert {row["value"] for row in rows} == {None}
    assert {row["reason"] for row in rows} == {"not enough data: 0 test images of site=z"}


def test_a_group_that_no_test_image_has_gets_a_null_row(folders, tmp_path):
    from synmedbench.benchmark._shelf import unshelve

    images = unshelve(folders["data"])
    held = (images.column("split") == "test").to_numpy() & (images.column("sex") == "m").to_numpy()
    made = {**folders, "data": tmp_path / "data"}
    made["data"].mkdir()
    shelve(images.subset(~held), made["data"])
    rows = train(made, tmp_path / "c")
    found = [row for row in rows if row["stratum"] == "sex=m" and row["metric"] == "macro_auroc"]
    assert [(row["value"], row["n_test"], row["reason"]) for row in found] == [
        (None, 0, "not enough data: 0 images in m, 5 needed")
    ]


def test_an_arm_that_needs_more_than_there_is_gives_null_rows(folders, tmp_path):
    rows = train(folders, tmp_path / "c", arm="extra-real", ratio=50.0)
    assert all(row["value"] is None for row in rows)
    assert "not enough data: the arm needs 400 further real images" in rows[0]["reason"]


def test_subsets_are_nested_and_the_same_for_every_arm(folders):
    few, more = (cell_data(folders["data"], {"n_real": n}, 3) for n in (4, 16))
    assert set(few.subset.tolist()) < set(more.subset.tolist())
    other = cell_data(folders["data"], {"n_real": 4}, 4)
    assert few.subset.tolist() != other.subset.tolist()
    assert not set(few.subset.tolist()) & set(few.spare.tolist())
    groups = few.images.table[GROUP].to_numpy()
    assert not set(groups[few.subset]) & set(groups[few.test])


def test_tuning_chooses_among_what_was_tried(folders, tmp_path):
    asked = {**config(), "grid": {"penalty": [0.01, 1.0]}, "left_out": None}
    tune_real_only(Work(asked, 0, {"data": folders["data"]}, tmp_path, tmp_path, silent()))
    note = json.loads((tmp_path / "tuning.json").read_text())
    assert note["chosen"]["penalty"] in (0.01, 1.0)
    assert [row["penalty"] for row in note["tried"]] == [0.01, 1.0]
    assert 0 < note["n_val"] <= 16
    rows = train({**folders, "tune": tmp_path}, tmp_path / "c", ("data", "tune"))
    assert values(rows)["macro_auroc", "all"] is not None


def test_tuning_needs_validation_images(folders, tmp_path):
    from synmedbench.benchmark._shelf import unshelve

    images = unshelve(folders["data"])
    (tmp_path / "data").mkdir()
    shelve(images.subset((images.column("split") != "val").to_numpy()), tmp_path / "data")
    asked = {**config(), "grid": None, "left_out": None}
    with pytest.raises(UserError, match="no validation image"):
        tune_real_only(Work(asked, 0, {"data": tmp_path / "data"}, tmp_path, tmp_path, silent()))


def test_a_classifier_that_cannot_do_what_an_arm_asks_says_so(folders, tmp_path, monkeypatch):
    class Plain:
        def fit(self, images, labels, *, seed, sample_weights, classes, augment, progress):
            raise AssertionError("never called")

    from synmedbench.core import registry

    monkeypatch.setattr(type(registry("classifiers")), "build", lambda self, spec, **more: Plain())
    with pytest.raises(UserError, match="this classifier's fit takes no 'mix'"):
        train(folders, tmp_path / "c", arm="mixup", model="plain")
