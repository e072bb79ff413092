"""Bad input to the commands: one clear line, exit 1, nothing lost or half written."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import call, one_line
from PIL import Image

from synmedbench.core import UserError
from synmedbench.imagesets import ImageSet, open_imageset, write_folder

TEXTURE = ("--extractors", "texture")
COLUMNS = "event_id,rater,image,image_key,criterion,answer,plausible\n"


def _write(folder: Path, n: int, seed: int, shape: tuple[int, int] = (16, 16)) -> Path:
    images = np.random.default_rng(seed).integers(0, 256, (n, *shape, 3), dtype=np.uint8)
    table = pd.DataFrame({"label": np.array(["a", "b"])[np.arange(n) % 2]})
    return write_folder(ImageSet.from_arrays(images, table), folder)


@pytest.fixture(scope="module")
def sets(tmp_path_factory) -> Path:
    """Folders real, other, fake, thin (1000 x 3) and blank (no labels)."""
    root = tmp_path_factory.mktemp("sets")
    for seed, (name, n) in enumerate((("real", 40), ("other", 20), ("fake", 24))):
        _write(root / name, n, seed)
    _write(root / "thin", 6, 4, (3, 1000))
    _write(root / "blank", 12, 5)
    (root / "blank" / "metadata.csv").unlink()
    return root


def _refused(folder: Path, *words: str | Path) -> str:
    done = call(*words, cwd=folder)
    assert done.returncode == 1, (done.stdout, done.stderr)
    return one_line(done)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--by", "tone"], "no column 'tone'"),
        (["--by", "skin_tone"], "tone is not read off pixels"),
        (["--metrics", "coverage,frechet"], "no metric 'frechet'"),
        (["--extractors", "texture,textur"], "did you mean 'texture'"),
        (["--reward", "real"], "not a saved reward model"),
        (["--size", "0"], "choose 8 to 1024"),
        (["--size", "-3"], "choose 8 to 1024"),
        (["--size", "5000"], "choose 8 to 1024"),
        (["--holdout", "real"], "40 of 40 hold-out images are among the real images"),
        (["--out", "real"], "it is a folder"),
        (["--out", "real/metadata.csv/r.json"], "it is not a folder"),
    ],
)
def test_evaluate_refuses_before_it_measures(sets, words, told):
    done = call("evaluate", "fake", "real", *TEXTURE, *words, cwd=sets)
    assert done.returncode == 1
    assert told in one_line(done)
    assert "features:" not in done.stderr


def test_evaluate_never_replaces_what_is_no_plain_file(sets):
    pipe = sets / "pipe"
    os.mkfifo(pipe)
    assert "no plain file" in _refused(sets, "evaluate", "fake", "real", *TEXTURE, "--out", pipe)
    assert pipe.is_fifo()
    pipe.unlink()


def test_evaluate_does_not_shrink_all_images_to_the_short_side_of_a_thin_one(sets):
    assert "1000 x 3 pixels" in _refused(sets, "evaluate", "fake", "thin", *TEXTURE)


def test_evaluate_says_that_synthetic_images_are_real_ones(sets):
    done = call("evaluate", "real", "real", *TEXTURE, cwd=sets)
    assert done.returncode == 0, done.stderr
    assert "40 of 40 synthetic images equal a real image" in done.stderr


def test_evaluate_measures_real_images_of_which_some_bear_no_label(sets, tmp_path):
    folder = _write(tmp_path / "gaps", 12, 9)
    table = pd.read_csv(folder / "metadata.csv")
    table.loc[[1, 4], "label"] = None
    table.to_csv(folder / "metadata.csv", index=False)
    done = call("evaluate", sets / "fake", folder, *TEXTURE)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("phantom-derm?n=many", "n must be a whole number, got 'many'"),
        ("phantom-derm?n=1e3", "n must be a whole number, got 1000.0"),
        ("phantom-derm?n=9&seed=x", "seed must be a whole number"),
        ("phantom-derm?n=9&size=[32]", "size must be a whole number"),
        ("phantom-derm?n=9&tones=5", "tones must be a list"),
        ("phantom-derm?n=9&images_per_patient=x", "images_per_patient must be a number"),
        ("phantom-blood?n=null", "n must be a whole number"),
        ("real?label=5", "quote it: label='5'"),
        ("folder:real?label=5", "quote it: label='5'"),
    ],
)
def test_options_of_the_wrong_type_are_told_by_name(sets, monkeypatch, spec, told):
    monkeypatch.chdir(sets)
    with pytest.raises(UserError) as caught:
        open_imageset(spec)
    assert told in str(caught.value)


@pytest.mark.parametrize("diseases", ["2", "nevus", "[nevus,melanoma]"])
def test_options_that_may_be_of_several_types_are_taken(diseases):
    assert len(open_imageset(f"phantom-derm?n=3&diseases={diseases}")) == 3


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_a_table_with_other_marks_than_commas_is_named(tmp_path, mark, name):
    Image.new("RGB", (9, 9)).save(tmp_path / "0.png")
    (tmp_path / "metadata.csv").write_text(f"file_name{mark}label\n0.png{mark}a\n")
    assert f"parted by {name}" in _refused(tmp_path, "evaluate", tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["copy", "--size", "0"], "choose 8 to 1024"),
        (["copy", "--size", "-1"], "choose 8 to 1024"),
        (["copy", "--by", ""], "no column is given"),
        (["copy", "--by", "grade"], "no column 'grade'"),
        (["copy", "--format", "zip"], "no format 'zip'"),
        (["copy", "--format", "parquet"], "made.parquet"),
        (["copy", "--data", "thin"], "too small to learn from"),
        (["folder:blank"], "cannot be asked for 'label'"),
    ],
)
def test_generate_refuses_and_writes_nothing(sets, words, told):
    given = ["--data", "real"] if "--data" not in words else []
    assert told in _refused(sets, "generate", *words, *given, "--n", "4", "--out", "made")
    assert not [name for name in os.listdir(sets) if "made" in name]


def test_generate_fits_a_diffusion_model(sets, tmp_path):
    spec = "diffusion:unet-micro?steps=1&sampling_steps=1"
    done = call("generate", spec, "--data", sets / "real", "--n", "2", "--out", tmp_path / "d")
    assert done.returncode == 0, done.stderr
    assert len(open_imageset(tmp_path / "d")) == 2


def test_generate_into_a_parquet_file_that_is_there_changes_nothing(sets, tmp_path):
    out = tmp_path / "made.parquet"
    words = ["generate", "copy", "--data", sets / "real", "--n", "4", "--format", "parquet", "--out", out]
    assert call(*words).returncode == 0
    before = out.read_bytes()
    assert "exists already" in _refused(tmp_path, *words)
    assert out.read_bytes() == before


def test_check_generator_wants_labels(sets):
    assert "no column 'label'" in _refused(sets, "check-generator", "copy", "--data", "blank")


def test_run_refuses_a_place_that_cannot_hold_a_folder_even_in_a_dry_run(sets):
    place = sets / "real" / "metadata.csv" / "x"
    assert "not a folder" in _refused(sets, "run", "tiny", "--dry-run", "--out", place)


def test_run_refuses_images_that_are_too_small(sets):
    words = ["imageset.path=thin", "imageset.group=null", "imageset.strata=[]", "conditions=[label]"]
    given = [word for each in words for word in ("--set", each)]
    assert "too small" in _refused(sets, "run", "tiny", "--dry-run", *given)


def test_ratings_of_another_programs_database_are_refused_and_it_is_left_as_it_was(tmp_path):
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as base:
        base.execute("CREATE TABLE patients (name)")
    base.close()
    before = foreign.read_bytes()
    (tmp_path / "r.csv").write_text(COLUMNS + "e1,ann,0.png,k,q,yes,1\n")
    for words in (["import", "sqlite:///foreign.db", "r.csv"], ["agreement", "sqlite:///foreign.db"]):
        assert "another program (tables patients)" in _refused(tmp_path, "ratings", *words)
    assert foreign.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["foreign.db", "r.csv"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the table is empty"),
        ("a,b\n1,2\n", "belong to no form"),
        (COLUMNS + "e1,ann,0.png,k,q,yes,7\n", "plausible must be 0 or 1"),
    ],
)
def test_a_faulty_ratings_file_makes_no_store(tmp_path, text, told):
    (tmp_path / "r.csv").write_text(text)
    assert told in _refused(tmp_path, "ratings", "import", "sqlite:///new.db", "r.csv")
    assert os.listdir(tmp_path) == ["r.csv"]


def test_a_store_below_a_file_is_refused(tmp_path):
    (tmp_path / "r.csv").write_text(COLUMNS + "e1,ann,0.png,k,q,yes,1\n")
    assert "not a folder" in _refused(tmp_path, "ratings", "import", "sqlite:///r.csv/r.db", "r.csv")


def _rate(sets: Path, folder: Path, name: str, verdict: int) -> str:
    images = open_imageset(sets / name)
    rows = zip(images.table["file_name"], images.image_keys, strict=True)
    text = "".join(f"{key},ann,{file},{key},q,yes,{verdict}\n" for file, key in rows)
    (folder / "r.csv").write_text(COLUMNS + text)
    assert call("ratings", "import", "sqlite:///r.db", "r.csv", cwd=folder).returncode == 0
    return "sqlite:///r.db"


def test_reward_fit_on_one_sided_ratings_says_so(sets, tmp_path):
    store = _rate(sets, tmp_path, "real", 1)
    words = ["reward", "fit", "--ratings", store, "--images", sets / "real", "--out", "model"]
    assert "all ratings have the same verdict" in _refused(tmp_path, *words)
    assert not (tmp_path / "model").exists()


def test_reward_fit_takes_no_ratings_of_other_images_with_the_same_names(sets, tmp_path):
    store = _rate(sets, tmp_path, "real", 1)
    words = ["reward", "fit", "--ratings", store, "--images", sets / "fake", "--out", "model"]
    assert "other images with the same file names" in _refused(tmp_path, *words)


def test_reward_fit_does_not_drop_its_work_before_a_full_folder(sets, tmp_path):
    words = [
        "reward",
        "fit",
        "--ratings",
        "sqlite:///no.db",
        "--images",
        sets / "real",
        "--out",
        sets / "real",
    ]
    assert "is not empty" in _refused(tmp_path, *words)
