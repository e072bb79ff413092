"""The search for copies of patients, as runs and evaluations use it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synmedbench.benchmark import Memorisation
from synmedbench.benchmark._assemble import _adjust
from synmedbench.benchmark._copies import CopySet, default_views, files_of, judge_copies, view_features
from synmedbench.benchmark._gallery import write_gallery
from synmedbench.benchmark._shelf import shelve
from synmedbench.benchmark._stage import Work
from synmedbench.benchmark._work_copies import Search, copy_search
from synmedbench.core import UserError, silent
from synmedbench.imagesets import ImageSet, open_imageset, same_pixels, split_by_group, view
from synmedbench.metrics import DomainExtractor, TextureExtractor, ThumbnailExtractor

DATA = Path(os.environ.get("SYNMEDBENCH_DATA", "-"))
SHARES = {"train": 0.5, "holdout": 0.25, "reference": 0.25}
CHANGES = ("across", "turn:90", "crop:0.9", "brightness:0.8", "brightness:1.25", "jpeg:75", "jpeg:50")


@pytest.fixture(scope="module")
def drawn() -> ImageSet:
    images = open_imageset("phantom-derm?n=560&size=32&diseases=2&seed=5")
    return split_by_group(images, fractions=SHARES, group="patient_id", stratify="label", seed=0)


@pytest.fixture(scope="module")
def cells() -> ImageSet:
    if not (DATA / "pbc64").is_dir():
        pytest.skip("SYNMEDBENCH_DATA has no pbc64")
    images = open_imageset(str(DATA / "pbc64"))
    images = images.subset(np.random.default_rng(0).permutation(len(images))[:700])
    return split_by_group(images, fractions=SHARES, stratify="label", seed=0)


def planted(images: ImageSet, change: str, copies: int = 20) -> ImageSet:
    """Real unseen images, some of them replaced by changed copies of training images."""
    pixels = images.where(split="reference").images()
    pixels[:copies] = view(images.where(split="train").images(range(copies)), change)
    return ImageSet.from_arrays(pixels)


def judged(images: ImageSet, made: list[ImageSet], extractor, group: str | None = None, **given):
    """The verdicts on several sets, with the views' features taken once."""
    train, holdout = (images.where(split=name) for name in ("train", "holdout"))
    extractor.fit(train)
    sets = [
        CopySet(extractor.features(each.images()), files_of(each.table)) for each in (train, holdout, *made)
    ]
    if group:
        sets[:2] = [
            replace(each, patients=part.table[group].to_numpy())
            for each, part in zip(sets[:2], (train, holdout), strict=True)
        ]
    views = view_features(extractor, train.images(), default_views(extractor.name))
    named = {"extractor": extractor.name, "generator": "g", "seed": 0, "views": views, "patients_by": group}
    return [judge_copies(sets[0], each, sets[1], **named, **given) for each in sets[2:]]


def check_changes(images: ImageSet, extractor) -> None:
    """Each change is planted on its own training images, all at once among honest ones."""
    train, each = images.where(split="train"), 12
    pixels = images.where(split="reference").images()
    rows = np.arange(each * len(CHANGES))
    parts = np.split(rows, len(CHANGES))
    changed = [view(train.images(part), name) for part, name in zip(parts, CHANGES, strict=True)]
    honest, found = judged(
        images,
        [ImageSet.from_arrays(pixels), ImageSet.from_arrays(np.concatenate([*changed, pixels]))],
        extractor,
    )
    assert honest.entry.memorising is False
    assert found.entry.memorising
    for part, name in zip(parts, CHANGES, strict=True):
        assert found.verdict.copies[part].mean() >= 0.75, name
        assert (found.verdict.nearest_train[part] == part).mean() >= 0.75, name
    assert found.verdict.copies[rows].mean() >= 0.9
    assert found.verdict.copies[len(rows) :].mean() <= 0.05


@pytest.mark.parametrize(
    "extractor",
    [
        ThumbnailExtractor(),
        TextureExtractor(size=32),
        pytest.param(DomainExtractor(steps=150), marks=pytest.mark.slow),
    ],
    ids=lambda each: each.name,
)
@pytest.mark.parametrize("source", ["drawn", pytest.param("cells", marks=pytest.mark.slow)])
def test_changed_copies_are_found_and_honest_images_are_not(source, extractor, request):
    check_changes(request.getfixturevalue(source), extractor)


def test_the_record_names_images_views_and_patients(drawn):
    made = planted(drawn, "across+crop:0.8", 20)
    exact = same_pixels(made, drawn.where(split="train").image_keys)
    entry = judged(drawn, [made], ThumbnailExtractor(), "patient_id", exact=exact)[0].entry
    train = drawn.where(split="train")
    assert entry.memorising
    assert (entry.exact_copies, entry.exact) == (0, [])
    assert (entry.patients_by, entry.n_patients) == ("patient_id", train.table["patient_id"].nunique())
    assert entry.patients_copied == train.table["patient_id"][:20].nunique()
    assert "across+crop:0.8" in {pair.view for pair in entry.pairs[:20]}
    assert entry.pairs[0].train_file == train.table["file_name"][entry.pairs[0].train_row]
    assert entry.pairs[0].file == made.table["file_name"][entry.pairs[0].row]
    assert entry.holdout_pairs[0].file in set(drawn.where(split="holdout").table["file_name"])
    assert {each.train_file for each in entry.most_copied} <= set(train.table["file_name"])
    assert Memorisation.model_validate_json(entry.model_dump_json()) == entry


def test_one_exact_copy_decides_alone(drawn):
    made = planted(drawn, "turn:90", 1)
    train = drawn.where(split="train")
    exact = same_pixels(made, train.image_keys)
    entry = judged(drawn, [made], ThumbnailExtractor(), exact=exact)[0].entry
    assert entry.p > 0.01
    assert entry.memorising
    assert entry.words.startswith(
        "memorising: 1 image is a training image pixel for pixel, the first in row 1"
    )
    _adjust([entry])
    assert entry.memorising
    excused = judged(drawn, [made], ThumbnailExtractor(), exact=exact, exact_holdout=1)[0].entry
    assert excused.memorising is False
    assert "so is 1 of the hold-out's" in excused.words


def test_without_a_hold_out_it_cannot_be_known_but_equal_pixels_can(drawn):
    train = drawn.where(split="train")
    features = ThumbnailExtractor().features(train.images())
    own, few = CopySet(features, files_of(train.table)), CopySet(features[:49], [""] * 49)
    for held in (None, few):
        entry = judge_copies(own, own, held, extractor="thumbnail", generator="g", seed=0).entry
        assert entry.memorising is None
        assert entry.words.startswith("cannot be known")
        assert entry.copy_share is None
    exact = same_pixels(train, train.image_keys)
    entry = judge_copies(own, own, None, extractor="thumbnail", generator="g", seed=0, exact=exact).entry
    assert (entry.memorising, entry.exact_copies, len(entry.exact)) == (True, len(train), 20)


def test_a_hold_out_that_is_the_training_set_cannot_accuse(drawn):
    train = drawn.where(split="train")
    own = CopySet(ThumbnailExtractor().features(train.images()), files_of(train.table))
    entry = judge_copies(own, own, own, extractor="thumbnail", generator="g", seed=0).entry
    assert entry.memorising is None
    assert "copies of training images themselves" in entry.words


@pytest.fixture
def searched(tmp_path, drawn):
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    out.mkdir()
    numbers = pd.factorize(drawn.table["patient_id"])[0]
    shelve(ImageSet.from_arrays(drawn.images(), drawn.table.assign(group_number=numbers)), data)
    config = {
        "name": "thumbnail", "extractor": "thumbnail", "views": ["across", "crop:0.9"], "group": "patient_id",
        "n_images": 60,
    }  # fmt: skip
    copy_search(Work(config, 0, {"data": data}, out, tmp_path, silent()))
    return Search(out, config, data), out


def test_the_stage_keeps_what_a_verdict_needs_and_its_power(searched, drawn, tmp_path):
    search, out = searched
    power = json.loads((out / "search.json").read_text())["power"]
    assert power["n_synthetic"] == 60
    assert power["n_holdout"] == (drawn.table["split"] == "holdout").sum()
    assert {row["kind"] for row in power["rows"]} >= {"exact", "disguised", "jpeg:60"}
    table = pd.DataFrame({"label": ["a"] * 20})
    made = ImageSet.from_arrays(view(search.train.images(range(20)), "across"), table)
    found = search.judge(ThumbnailExtractor().features(made.images()), made, "g", 0)
    assert (found.entry.memorising, found.entry.exact_copies) == (True, 20)
    write_gallery(tmp_path, made, search.train, search.holdout_images, found, search.owners)
    with np.load(tmp_path / "gallery.npz", allow_pickle=False) as kept:
        assert np.array_equal(kept["pair_images"], kept["pair_nearest"])
        assert set(kept["pair_views"]) == {"mirrored left to right"}
        assert kept["control_images"].shape == kept["pair_images"].shape
        assert (kept["pair_closeness"] < kept["threshold"]).all()


def test_a_wrong_number_of_files_or_features_is_told(drawn):
    train = drawn.where(split="train")
    own = CopySet(ThumbnailExtractor().features(train.images()), files_of(train.table))
    with pytest.raises(UserError, match=r"crop:0\.9"):
        judge_copies(
            own, own, own, extractor="e", generator="g", seed=0, views={"crop:0.9": own.features[:-1]}
        )
