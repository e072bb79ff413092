"""The self-check as a user runs it: on images small enough for a test, through the command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import Done, call, one_line

from synmedbench.benchmark import SelfCheck, read_self_check
from synmedbench.benchmark._check_roles import cast_roles, droppable
from synmedbench.core import UserError
from synmedbench.imagesets import ImageSet, group_numbers, write_folder

METRICS = "frechet_distance,kernel_distance,coverage,precision,authenticity"
FAULTS = "noise,dropped_class,copies,swapped_labels,control"


def made_up(n: int = 380, seed: int = 0, classes: int = 2, patients: bool = True) -> ImageSet:
    """Discs of one colour a class, on grey, two images a patient."""
    draw = np.random.default_rng(seed)
    number = np.arange(n) // 2 % classes
    y, x = np.mgrid[:16, :16] - 7.5
    disc = np.hypot(x, y)[None] < draw.uniform(3, 7, (n, 1, 1))
    colour = np.array([[60, 200, 60], [200, 60, 60], [60, 60, 200]])[number]
    images = np.where(disc[..., None], colour[:, None, None], draw.integers(90, 160, (n, 1, 1, 3)))
    images = (images + draw.normal(0, 4, images.shape)).clip(0, 255).astype(np.uint8)
    table = pd.DataFrame({"label": np.array(["grün", "red", "blue"])[number]})
    if patients:
        table["patient_id"] = np.arange(n) // 2
    return ImageSet.from_arrays(images, table)


@pytest.fixture(scope="module")
def checked(tmp_path_factory) -> tuple[Path, Done, SelfCheck]:
    root = tmp_path_factory.mktemp("Prüfung der Zellen")
    write_folder(made_up(), root / "real")
    done = call("self-check", root / "real", "--extractors", "texture?size=16",
                "--metrics", METRICS, "--faults", FAULTS,
                "--workers", "2", "--out", root / "check.json", "--html", root / "check.html")  # fmt: skip
    assert done.returncode == 0, done.stderr
    return root, done, read_self_check(root / "check.json")


def test_a_missing_class_is_seen_by_its_coverage(checked):
    found = checked[2].curve("texture", "coverage", "dropped_class", "dropped:label")
    assert found is not None
    assert (found.verdict, found.expected) == ("sees", -1)
    assert found.undamaged.value > 0.7
    assert found.points[-1].value < 0.2


def test_precision_and_the_control_stay(checked):
    document = checked[2]
    for metric in METRICS.split(","):
        found = document.curve("texture", metric, "control")
        assert found is not None
        assert found.verdict == "still", metric
    assert any(line.startswith("Control") for line in document.summary)


def test_copies_lower_authenticity_and_noise_raises_the_distance(checked):
    document = checked[2]
    copies, noise = (
        document.curve("texture", *pair)
        for pair in (("authenticity", "copies"), ("frechet_distance", "noise"))
    )
    assert noise.verdict == "sees"
    assert copies.verdict in ("sees", "barely sees")
    assert copies.points[-1].difference_hi < 0
    assert noise.points[0].difference > 0


def test_only_label_readers_are_tested_on_swapped_labels(checked):
    strata = {(c.metric, c.stratum) for c in checked[2].curves if c.fault == "swapped_labels"}
    assert strata == {("coverage", "worst:label"), ("kernel_distance", "worst:label")}
    found = checked[2].curve("texture", "kernel_distance", "swapped_labels", "worst:label")
    assert found.verdict == "sees"


def test_the_table_and_the_page_say_it(checked):
    root, done, _ = checked
    assert "Coverage, missing class" in done.stdout
    assert "coverage of that class goes from" in done.stdout
    page = (root / "check.html").read_text(encoding="utf-8")
    assert page.count("<svg") == len(FAULTS.split(","))
    assert "grün" in page


def test_the_same_command_goes_on_where_it_was(checked):
    root, _, document = checked
    again = call("self-check", root / "real", "--extractors", "texture?size=16",
                 "--metrics", METRICS, "--faults", FAULTS,
                 "--out", root / "again.json")  # fmt: skip
    assert again.returncode == 0, again.stderr
    assert "features [texture]" not in again.stderr
    volatile = {"created", "asked", "machine", "durations", "code"}
    assert read_self_check(root / "again.json").model_dump(exclude=volatile) == document.model_dump(
        exclude=volatile
    )


def test_roles_share_no_patient_and_hold_enough_to_replace():
    images = made_up()
    groups = group_numbers(images)
    labels = np.array(images.labels)
    for roles in cast_roles(images, ["label"], 5, seed=1):
        sides = [roles.reference, roles.train, np.concatenate([roles.player, roles.spare])]
        for i, side in enumerate(sides):
            for other in sides[i + 1 :]:
                assert not set(groups[side]) & set(groups[other])
        for gone in roles.dropped["label"]:
            assert (labels[roles.player] == gone).sum() <= (labels[roles.spare] != gone).sum()
    assert len({tuple(roles.player) for roles in cast_roles(images, [], 5, seed=1)}) == 5


def test_common_and_rare_values_are_never_dropped():
    images = made_up(600, patients=False)
    table = images.table.assign(site=["x"] * 400 + ["y"] * 190 + ["z"] * 10)
    assert droppable(images.with_table(table), "site") == ["y"]


@pytest.fixture(scope="module")
def odd(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("odd")
    write_folder(made_up(30), root / "thirty")
    write_folder(made_up(240, classes=1), root / "one class")
    plain = made_up(240)
    write_folder(plain.with_table(plain.table.drop(columns=["label", "patient_id"])), root / "unlabelled")
    return root


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("thirty",), "too few images for a self-check: 30, 200 needed"),
        (("nothing-here",), "nothing-here"),
        (("one class", "--by", "skin_tone"), "skin_tone"),
        (("one class", "--faults", "bluur"), "blur"),
        (("one class", "--metrics", "coverrage"), "coverage"),
        (("one class", "--extractors", "textur"), "texture"),
        (("one class", "--limit", "20"), "200"),
        (("one class", "--size", "4"), "--size 4"),
        (("one class", "--out", "one class"), "give --out the name of a file"),
        (("one class", "--html", "one class"), "give --html the name of a file"),
    ],
)
def test_wrong_input_is_one_line(odd, words, said):
    done = call("self-check", *words, cwd=odd)
    assert done.returncode == 1
    assert said in one_line(done)


@pytest.mark.parametrize("name", ["unlabelled", pytest.param("one class", marks=pytest.mark.slow)])
def test_faults_that_cannot_be_planted_are_named_and_the_rest_runs(odd, name, tmp_path):
    done = call("self-check", odd / name, "--extractors", "texture?size=16", "--metrics", "coverage,precision",
                "--faults", "dropped_class,swapped_labels,dropped_stratum,collapse",
                "--out", tmp_path / "c.json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = read_self_check(tmp_path / "c.json")
    reasons = {fault.name: fault.reason for fault in document.faults}
    why = "the images have no labels" if name == "unlabelled" else "all images are of one class"
    assert reasons["dropped_class"] == reasons["swapped_labels"] == why
    assert "--by" in reasons["dropped_stratum"]
    assert document.curve("texture", "coverage", "collapse") is not None
    assert "not planted" in done.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read"),
        ("[]", "not a self-check"),
        ('{"kind": "self-check", "schema_version": 99}', "upgrade"),
        ('{"kind": "self-check", "schema_version": 1}', "not a valid self-check"),
    ],
)
def test_other_files_are_no_self_check(tmp_path, text, said):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(UserError, match=said):
        read_self_check(tmp_path / "x.json")


def test_a_missing_file_says_how_to_make_it(tmp_path):
    with pytest.raises(UserError, match="self-check REAL --out"):
        read_self_check(tmp_path / "absent.json")


@pytest.mark.parametrize("seed", range(4))
def test_a_group_that_is_not_balanced_over_splits_can_go_missing_altogether(seed):
    images = made_up(400, patients=False)
    site = np.where(np.random.default_rng(seed).random(400) < 0.47, "x", "y")
    images = images.with_table(images.table.assign(site=site))
    for roles in cast_roles(images, ["label", "site"], 3, seed):
        for value in roles.dropped["site"]:
            assert (site[roles.player] == value).sum() <= (site[roles.spare] != value).sum()
        assert len(roles.player) >= 50


@pytest.mark.slow
def test_an_extractor_that_fails_is_named_once_and_the_others_go_on(odd):
    done = call("self-check", odd / "one class", "--extractors", "texture?size=16,timm:resnet18?weights=/absent.pth",
                "--metrics", "coverage", "--faults", "collapse")  # fmt: skip
    assert done.returncode == 3
    assert done.stdout.count("scores [timm], 5 of 5 splits failed: /absent.pth") == 1
    assert "Coverage" in done.stdout
