"""Explanations: the images that moved a score most are those that were planted."""

from __future__ import annotations

import json

import numpy as np
import pytest
from drawn_sets import drawn

from synmedbench.benchmark import explain
from synmedbench.core import UserError, silent
from synmedbench.imagesets import concatenate, write_folder


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Real images of two kinds; synthetic ones of the round kind alone, three of them noise, the last two copies."""
    root = tmp_path_factory.mktemp("planted")
    real, held = drawn(120, 0), drawn(80, 1)
    made = drawn(120, 2).where(label="round").subset(range(55))
    pixels = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    noise = made.subset(range(3)).map(lambda _: pixels)
    copies = real.subset([0, 2])
    fake = concatenate([made, noise, copies])
    fake = fake.with_table(fake.table.assign(file_name=[f"ö {i:03d}.png" for i in range(60)]))
    for name, images in (("real", real), ("held", held), ("fake", fake)):
        write_folder(images, root / name)
    return root


def told(planted, metric, **options):
    given = {"metrics": [metric], "extractor": "texture", "progress": silent(), **options}
    return explain(str(planted / "fake"), str(planted / "real"), **given).explanations[0]


def test_precision_shows_the_noise_first(planted):
    found = told(planted, "precision")
    assert {image.row for image in found.images[:3]} == {55, 56, 57}
    assert all(image.set == "synthetic" and image.amount >= 1 for image in found.images)
    assert found.images[0].file_name.startswith("ö ")
    assert sum(share.moved for share in found.strata) == round((1 - found.value) * 60)


@pytest.mark.parametrize("metric", ["coverage", "recall"])
def test_coverage_shows_the_class_that_was_never_made(planted, metric):
    found = told(planted, metric)
    shares = {share.stratum: share.moved / share.n for share in found.strata}
    assert shares["streaky"] > 0.9
    assert shares["round"] < 0.5
    assert {image.stratum for image in found.images[: 5 if metric == "coverage" else 1]} == {"streaky"}
    assert {image.set for image in found.images} == {"real"}
    assert found.images[0].other.set == "synthetic"


@pytest.mark.parametrize("metric", ["frechet_distance", "kernel_distance"])
def test_distances_show_the_noise_and_the_missing_class(planted, metric):
    found = told(planted, metric)
    ours = [image.row for image in found.images if image.set == "synthetic"]
    assert set(ours[:3]) == {55, 56, 57}
    totals = {share.stratum: share.total for share in found.strata if share.set == "real"}
    assert totals["streaky"] > totals["round"]


def test_copies_show_the_pairs_with_and_without_a_holdout(planted):
    for options in ({}, {"holdout": str(planted / "held")}):
        found = told(planted, "copy_share", **options)
        assert [(image.row, image.other.row) for image in found.images[:2]] == [(58, 0), (59, 2)]
        assert found.images[0].amount == pytest.approx(0, abs=1e-4)
    assert "2 images are a training image pixel for pixel" in told(planted, "copy_share").sentence
    assert told(planted, "copy_share").value is None


def test_the_document_is_plain_json_and_the_pictures_are_those_of_the_rows(planted):
    found = explain(
        str(planted / "fake"), str(planted / "real"), extractor="texture", shown=4, progress=silent()
    )
    document = json.loads(json.dumps(found.document(), allow_nan=False))
    assert [each["metric"] for each in document["explanations"]] == [
        "precision", "coverage", "kernel_distance", "copy_share",
    ]  # fmt: skip
    images = [image for each in found.explanations for image in each.images]
    assert {(image.set, image.row) for image in images} <= set(found.pictures)
    assert all(pixels.shape == (16, 16, 3) for pixels in found.pictures.values())
    for each in found.explanations:
        assert all([image.set for image in each.images].count(name) <= 4 for name in ("real", "synthetic"))


def test_an_extractor_that_learns_explains_the_other_half(planted):
    fake, real, options = str(planted / "fake"), str(planted / "real"), {"extractor": "domain?steps=5"}
    found = explain(fake, real, metrics=["coverage"], progress=silent(), **options).explanations[0]
    assert sum(share.n for share in found.strata) == 60


def test_features_are_explained_without_pictures(tmp_path):
    generator = np.random.default_rng(0)
    np.save(tmp_path / "r.npy", generator.standard_normal((60, 4)))
    fake = generator.standard_normal((50, 4))
    fake[7] += 20
    np.save(tmp_path / "f.npy", fake)
    found = explain(
        str(tmp_path / "f.npy"), str(tmp_path / "r.npy"), metrics=["precision"], progress=silent()
    )
    assert found.pictures == {}
    assert found.explanations[0].images[0].file_name == "row 8"


def test_too_few_images_are_told_and_unknown_metrics_refused(planted, tmp_path):
    write_folder(drawn(4, 3), tmp_path / "few")
    found = explain(str(tmp_path / "few"), str(tmp_path / "few"), extractor="texture", progress=silent())
    reasons = {each.metric: each.reason for each in found.explanations}
    assert "k = 5" in reasons["precision"]
    with pytest.raises(UserError, match="did you mean 'coverage'"):
        told(planted, "covrage")
    with pytest.raises(UserError, match="no column 'grade'"):
        told(planted, "coverage", by="grade")
