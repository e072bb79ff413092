"""Memorisation in the report: verdicts with patients, nearest pairs beside the control, the power curve."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from sample_record import sample_record, thin_record, write_sample

from synmedbench.benchmark import CopiedPatient, CopyPower, PowerRow, Record, gallery_name
from synmedbench.reports import build_report

CURVE = {"exact": (0.0, 0.01, 0.9, 1.0), "disguised": (0.0, 0.0, 0.4, 1.0), "jpeg:60": (0.0, 0.0, 0.1, 0.9)}
SHARES = (0.005, 0.01, 0.05, 0.2)


def with_copies(record: Record) -> Record:
    record.copy_power = [
        CopyPower(
            extractor="thumbnail", views=["across"], n_train=800, n_holdout=140, n_synthetic=360, repeats=400,
            rows=[
                PowerRow(kind=kind, share=share, copies=round(360 * share), value=value, lo=value, hi=value)
                for kind, values in CURVE.items()
                for share, value in zip(SHARES, values, strict=True)
            ],
            false_alarm=0.004, false_alarm_lo=0.001, false_alarm_hi=0.02,
            smallest={"exact": 0.042, "disguised": None}, recognised={"jpeg:60": 0.31, "disguised": 0.62},
            words="With 140 hold-out images this test finds 20% copies in 100%.",
        )
    ]  # fmt: skip
    for entry in record.memorisation:
        entry.views, entry.n_patients, entry.fewest_copies = ["across"], 400, 14
        entry.patients_by, entry.exact_copies = "patient_id", 0
        entry.patients_copied = 37 if entry.generator == "copy" else 1
        entry.patients_share = entry.patients_copied / 400
        entry.patients_lo, entry.patients_hi = 0.0, 0.12
        entry.most_copied = [CopiedPatient(train_row=4, train_file="images/000004.png", images=21)]
    return record


def pair_arrays(closeness: list[float], threshold: float = 0.4) -> dict[str, np.ndarray]:
    n = len(closeness)
    pixels = np.random.default_rng(0).integers(0, 255, (n, 16, 16, 3)).astype(np.uint8)
    arrays = {"threshold": np.float64(threshold), "pair_times": np.arange(1, n + 1)}
    for kind, near in (("pair", closeness), ("control", [value + 0.5 for value in closeness])):
        arrays |= {
            f"{kind}_images": pixels, f"{kind}_nearest": pixels[:, :, ::-1], f"{kind}_labels": np.full(n, "nevus"),
            f"{kind}_nearest_labels": np.full(n, "melanoma"), f"{kind}_closeness": np.array(near),
            f"{kind}_views": np.full(n, "mirrored left to right"),
        }  # fmt: skip
    return arrays


@pytest.fixture(scope="module")
def section(tmp_path_factory: pytest.TempPathFactory) -> str:
    record = with_copies(sample_record())
    run = write_sample(tmp_path_factory.mktemp("run"), record)
    for name in ("copy", "diffusion"):
        path = run / "gallery" / f"{gallery_name(name)}.npz"
        with np.load(path) as kept:
            arrays = {key: kept[key] for key in ("images", "labels", "strata")}
        np.savez(path, **arrays, **pair_arrays([0.0, 0.013] if name == "copy" else [0.61, 0.7]))
    text = build_report(run).read_text(encoding="utf-8")
    assert len(text) < 10_000_000
    return text[text.index('id="memorisation"') : text.index('id="samples"')]


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<svg.*?</svg>", "", html, flags=re.S)))


def test_the_power_curve_stands_with_its_table_and_sentence(section: str) -> None:
    words = plain(section)
    assert "What this test could have found" in words
    assert "With 140 hold-out images this test finds 20% copies in 100%." in words
    assert section.count("<svg") == 1
    assert (
        "not even where half the images are copies; hard to recognise: copies JPEG of quality 60 (31%)"
        in words
    )
    assert "exact copies 5% 18 0.900" in words
    assert "140 real unseen images calibrate, 360 others play the generator" in words


def test_no_verdict_says_less_than_it_knows(section: str) -> None:
    words = plain(section)
    assert "copy gives back training patients" in words
    assert "A share of near-copies below 4.2% would mostly have gone unseen" in words
    assert " safe" not in words


def test_patients_are_counted_in_the_table(section: str) -> None:
    words = plain(section)
    assert "37 of 400" in words
    assert "most often images/000004.png, 21 times" in words
    assert "Patients are told apart by patient." in words
    assert "14 3.6% of the images" in words


def test_pairs_tell_closeness_view_and_patient_beside_the_control(section: str) -> None:
    words = plain(section)
    assert (
        "closeness 0.013, a near-copy (below 0.40) real image shown mirrored left to right 2 near-copies"
        in words
    )
    assert "closeness 0.610, no near-copy (not below 0.40)" in words
    assert words.index("copies patients") < words.index("Control: real hold-out images")
    assert "closeness 1.110, no near-copy" in words
    assert 'alt="real hold-out nevus"' in section


def test_a_power_that_is_not_known_says_why(tmp_path: Path) -> None:
    record = with_copies(thin_record())
    record.copy_power = [
        CopyPower(
            extractor="thumbnail", n_train=80, n_holdout=0, n_synthetic=0, repeats=0, reason="not enough data",
            words="How many copies this test would find cannot be known: not enough data.",
        )
    ]  # fmt: skip
    text = build_report(write_sample(tmp_path / "run", record)).read_text(encoding="utf-8")
    assert "How many copies this test would find cannot be known: not enough data." in text
    assert "Fewer than 3.6% of copies could not have been found." in text


def test_galleries_of_older_runs_still_show_their_pairs(tmp_path: Path) -> None:
    run = write_sample(tmp_path / "run", thin_record())
    assert "distance " in plain(build_report(run).read_text(encoding="utf-8"))


def test_a_gallery_whose_pairs_do_not_match_is_left_out(tmp_path: Path) -> None:
    run = write_sample(tmp_path / "run", thin_record())
    path = run / "gallery" / "diffusion.npz"
    with np.load(path) as kept:
        arrays = {key: kept[key] for key in ("images", "labels", "strata")}
    broken = {**pair_arrays([0.1, 0.2]), "pair_closeness": np.array([0.1])}
    np.savez(path, **arrays, **broken)
    assert "diffusion images of melanoma" not in build_report(run).read_text(encoding="utf-8")
