"""Evaluation: what is measured, on what, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from drawn_sets import drawn, rows_of, run

from synmedbench.benchmark import evaluate
from synmedbench.core import UserError, silent
from synmedbench.imagesets import ImageSet, write_folder
from synmedbench.metrics import kernel_interval


class Heard:
    """A progress that remembers what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def task(self, label: str, total: int):
        return silent().task(label, total)

    def say(self, line: str) -> None:
        self.lines.append(line)


def test_copies_and_authenticity_are_judged_against_the_training_images(small_sets):
    heard = Heard()
    record = run(small_sets, holdout="held", train="train", progress=heard)
    authentic = rows_of(record, metric="authenticity", generator="synthetic")[0]
    assert authentic.n_real == 120
    assert rows_of(record, metric="authenticity", generator="real-holdout")[0].value is not None
    copies = record.memorisation[0]
    assert copies.words.startswith("Copies of the images it was trained on: not shown to memorise")
    assert rows_of(record, metric="copy_share", generator="synthetic")[0].n_real == 120
    assert record.data.splits == {"synthetic": 120, "real": 160, "holdout": 80, "train": 120}
    assert [line.partition(":")[0] for line in heard.lines] == ["features", "copies"]


def test_a_generator_that_copies_is_found_only_beside_what_it_was_trained_on(small_sets, tmp_path):
    train = drawn(120, 2)
    write_folder(train, tmp_path / "copies")
    beside = run(small_sets, holdout="held", train="train", fake=str(tmp_path / "copies"))
    assert beside.memorisation[0].memorising is True
    assert rows_of(beside, metric="copy_share", generator="synthetic")[0].value == 1.0
    without = run(small_sets, holdout="held", fake=str(tmp_path / "copies"))
    assert without.memorisation[0].memorising is False
    assert "120 of 120 synthetic images equal an image the generator was trained on" in beside.data.notes[-1]


def test_training_images_among_the_real_ones_are_told_by_name(small_sets):
    heard = Heard()
    record = run(small_sets, train="real", progress=heard)
    told = [line for line in heard.lines if "are among the training images" in line]
    assert len(told) == 1
    assert "160 of 160" in told[0]
    assert "images/000000.png" in told[0]
    assert told[0] in record.data.notes


def test_a_holdout_of_training_images_is_refused_with_the_file(small_sets):
    with pytest.raises(UserError, match=r"hold-out images are among the training images too.*images/0"):
        run(small_sets, holdout="train", train="train")


def test_patients_in_both_real_and_training_images_are_told(small_sets, tmp_path):
    real = drawn(60, 9)
    train = drawn(60, 10)
    write_folder(train.with_table(train.table.assign(patient_id=real.table["patient_id"])), tmp_path / "t")
    write_folder(real, tmp_path / "r")
    record = run(small_sets, real=str(tmp_path / "r"), train=str(tmp_path / "t"))
    assert "30 patients are in REAL and in --train" in record.data.notes[0]


def test_authenticity_without_training_images_is_refused(small_sets):
    with pytest.raises(UserError, match=r"authenticity needs the images.*--train"):
        run(small_sets, metrics=["authenticity"])


def test_every_stratum_stands_beside_real_images(small_sets):
    record = run(small_sets, holdout="held", by=["label", "sex"], metrics=["coverage", "kernel_distance"])
    for generator in ("synthetic", "real-holdout"):
        strata = {row.stratum for row in rows_of(record, generator=generator, metric="coverage")}
        assert strata == {"all", "label=round", "label=streaky", "sex=f", "sex=m"}
    assert {row.metric for row in record.scores} == {"coverage", "kernel_distance"}


def test_a_column_that_the_synthetic_set_lacks_leaves_coverage_alone(small_sets, tmp_path):
    fake = drawn(120, 3)
    write_folder(fake.with_table(fake.table.drop(columns="sex")), tmp_path / "f")
    record = run(small_sets, fake=str(tmp_path / "f"), by=["sex"])
    assert "bear no column 'sex'" in record.data.notes[0]
    ours = rows_of(record, generator="synthetic", stratum="sex=f")
    assert {row.metric for row in ours if row.value is not None} <= {"coverage", "recall"}
    kernel = next(row for row in ours if row.metric == "kernel_distance")
    assert kernel.reason == "the synthetic images bear no column 'sex'"


def test_a_classifier_of_real_images_tells_what_the_synthetic_ones_show(small_sets, tmp_path):
    fake = drawn(120, 3)
    swapped = fake.table.assign(label=["streaky" if label == "round" else "round" for label in fake.labels])
    write_folder(fake.with_table(swapped), tmp_path / "swapped")
    options = {
        "extractors": ["domain?steps=60"],
        "by": ["label"],
        "holdout": "held",
        "metrics": ["label_agreement"],
    }
    right, wrong = run(small_sets, **options), run(small_sets, fake=str(tmp_path / "swapped"), **options)
    ours = rows_of(right, generator="synthetic", stratum="all")[0]
    assert (ours.extractor, ours.method[:6], ours.n_synthetic) == ("domain", "wilson", 120)
    assert ours.value > 0.9
    assert rows_of(right, generator="real-holdout", stratum="all")[0].value > 0.9
    assert rows_of(wrong, generator="synthetic", stratum="all")[0].value < 0.1
    assert {row.stratum for row in rows_of(right, generator="synthetic")} == {
        "all",
        "label=round",
        "label=streaky",
    }
    few = rows_of(right, generator="real-holdout", stratum="label=round")[0]
    assert few.reason == "not enough data: 40 images in round, 50 needed"


def test_sets_of_other_sizes_are_compared_at_the_smaller_and_this_is_told(small_sets, tmp_path):
    write_folder(drawn(60, 5, side=48), tmp_path / "large")
    record = run(small_sets, fake=str(tmp_path / "large"))
    assert record.data.image_size == 16
    assert "SYNTHETIC 48 px, REAL 16 px" in record.data.notes[0]


def test_metrics_with_options_keep_them_in_their_name(small_sets):
    record = run(small_sets, metrics=["vendi_score", "vendi_score?q=2", "cmmd"])
    values = {row.metric: row.value for row in rows_of(record, generator="synthetic")}
    assert set(values) == {"vendi_score", "vendi_score?q=2", "cmmd"}
    assert values["vendi_score?q=2"] < values["vendi_score"]


def test_images_that_do_not_fit_in_memory_give_the_same_record(small_sets, monkeypatch):
    from synmedbench.benchmark import _evaluate_inputs

    small = run(small_sets, holdout="held")
    monkeypatch.setattr(_evaluate_inputs, "IN_MEMORY", 0)
    assert run(small_sets, holdout="held").measured() == small.measured()


def test_a_holdout_too_small_for_a_verdict_on_copies_is_null_with_its_reason(small_sets, tmp_path):
    write_folder(drawn(20, 7), tmp_path / "few")
    record = run(small_sets, holdout=str(tmp_path / "few"))
    row = rows_of(record, metric="copy_share", generator="synthetic")[0]
    assert row.reason == "not enough data: 20 hold-out images, 50 needed"
    assert record.memorisation == []


def test_features_stand_in_for_images(tmp_path):
    generator = np.random.default_rng(20240101)
    real, fake = generator.standard_normal((512, 64)), generator.standard_normal((384, 64)) * 1.1 + 0.1
    np.save(tmp_path / "real.npy", real)
    tone = np.array(["I", "V"])[np.arange(512) % 2]
    pd.DataFrame({"skin_tone": tone, "patient_id": np.arange(512) // 2}).to_csv(
        tmp_path / "real.csv", index=False
    )
    np.savez(tmp_path / "fake.npz", features=fake, skin_tone=tone[:384])
    record = evaluate(
        str(tmp_path / "fake.npz"), str(tmp_path / "real.npy"), by=["skin_tone"], progress=silent(),
        metrics=["frechet_distance", "kernel_distance", "coverage"],
    )  # fmt: skip
    found = {row.metric: row for row in rows_of(record, generator="synthetic", stratum="all")}
    assert found["frechet_distance"].value == pytest.approx(6.547050457968, rel=1e-10)
    apart = kernel_interval(real, fake, np.arange(512) // 2)
    assert found["kernel_distance"].value == pytest.approx(apart.value, rel=1e-9)
    assert apart.value == pytest.approx(0.026094084941, rel=0.01)
    assert found["coverage"].value == pytest.approx(0.54296875)
    assert {row.extractor for row in record.scores} == {"array"}
    assert {row.stratum for row in record.scores} == {"all", "skin_tone=I-II", "skin_tone=V-VI"}
    assert record.data.image_size == 0


@pytest.mark.parametrize("form", [".csv", ".parquet", ".npz"])
def test_features_from_tables_and_archives_are_those_of_the_array(tmp_path, form):
    generator = np.random.default_rng(1)
    real, fake = generator.standard_normal((80, 3)), generator.standard_normal((70, 3))
    for name, array in (("r", real), ("f", fake)):
        np.save(tmp_path / f"{name}-array.npy", array)
        table = pd.DataFrame({f"f{i}": array[:, i] for i in (2, 0, 1)} | {"age": 50.0, "label": "x"})
        if form == ".csv":
            table.to_csv(tmp_path / f"{name}.csv", index=False)
        elif form == ".parquet":
            table.to_parquet(tmp_path / f"{name}.parquet")
        else:
            np.savez(tmp_path / f"{name}.npz", features=array, label=table["label"].to_numpy().astype(str))
    options = {"metrics": ["kernel_distance"], "progress": silent()}
    plain = evaluate(str(tmp_path / "f-array.npy"), str(tmp_path / "r-array.npy"), **options)
    record = evaluate(str(tmp_path / f"f{form}"), str(tmp_path / f"r{form}"), **options)
    assert record.scores[0].value == pytest.approx(plain.scores[0].value, rel=1e-12)
    assert record.data.classes == ["x"]


def _bad_features(folder: Path) -> dict[str, Path]:
    good = np.random.default_rng(0).standard_normal((40, 4))
    for name, array in {
        "nan": np.where(np.arange(160).reshape(40, 4) == 9, np.nan, good),
        "flat": good.ravel(),
        "narrow": good[:, :3],
        "one": good[:1],
        "none": good[:0],
        "words": np.full((40, 4), "x"),
        "good": good,
        "short": good,
    }.items():
        np.save(folder / f"{name}.npy", array)
    (folder / "short.csv").write_text("label\na\nb\n")
    (folder / "broken.npy").write_bytes(b"\x93NUMPY")
    np.save(folder / "objects.npy", np.array([{}], dtype=object))
    (folder / "gap.csv").write_text("f0,f2\n1,2\n3,4\n")
    (folder / "word.csv").write_text("f0,f1\n1,x\n3,4\n")
    (folder / "hole.csv").write_text("f0,f1\n1,\n3,4\n")
    return {path.name: path for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("fake", "told"),
    [
        ("nan.npy", "1 of 40 rows hold NaN or infinity, the first is row 3"),
        ("flat.npy", r"features have shape \(160,\)"),
        ("narrow.npy", "the features differ in number: SYNTHETIC 3, REAL 4"),
        ("one.npy", "too few images: 1, 2 needed"),
        ("none.npy", r"features have shape \(0, 4\)"),
        ("words.npy", "features must be numbers"),
        ("short.npy", "40 rows of features, but the column 'label' has shape"),
        ("broken.npy", "not a readable array"),
        ("objects.npy", "not a readable array"),
        ("absent.npy", "no such file"),
        ("gap.csv", "without a gap"),
        ("word.csv", "cells that are no numbers"),
        ("hole.csv", "1 of 2 rows hold NaN"),
    ],
)
def test_bad_features_are_refused_by_name(tmp_path, fake, told):
    _bad_features(tmp_path)
    with pytest.raises(UserError, match=told) as caught:
        evaluate(str(tmp_path / fake), str(tmp_path / "good.npy"), progress=silent())
    assert fake.partition(".")[0] in str(caught.value) or "differ in number" in str(caught.value)


def test_features_and_images_do_not_mix(small_sets, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((9, 3)))
    with pytest.raises(UserError, match="SYNTHETIC holds features and REAL images"):
        run(small_sets, fake=str(tmp_path / "a.npy"))
    for options, told in (
        ({"size": 32}, "--size is for images"),
        ({"extractors": ["texture"]}, "needs images"),
    ):
        with pytest.raises(UserError, match=told):
            evaluate(str(tmp_path / "a.npy"), str(tmp_path / "a.npy"), progress=silent(), **options)


def test_constant_features_give_null_with_reasons_or_numbers_but_no_crash(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((60, 3)))
    np.save(tmp_path / "b.npy", np.ones((60, 3)) * 2)
    record = evaluate(str(tmp_path / "a.npy"), str(tmp_path / "b.npy"), progress=silent())
    assert all(row.value is not None or row.reason for row in record.scores)


def test_one_class_and_hardly_any_images(tmp_path):
    for name, n, seed in (("r", 4, 0), ("f", 2, 1)):
        write_folder(drawn(n, seed, kinds=("round",)), tmp_path / name)
    record = evaluate(str(tmp_path / "f"), str(tmp_path / "r"), by=["label"], progress=silent())
    assert {row.extractor for row in record.scores} == {"texture", "thumbnail"}
    assert all(row.value is not None or row.reason for row in record.scores)


def test_synthetic_images_without_a_label_are_measured(small_sets, tmp_path):
    fake = drawn(60, 11)
    images = ImageSet.from_arrays(fake.images())
    write_folder(images, tmp_path / "unlabelled")
    record = run(small_sets, fake=str(tmp_path / "unlabelled"), extractors=["domain?steps=5"])
    row = rows_of(record, metric="label_agreement", generator="synthetic")[0]
    assert row.reason == "no image bears a label"
