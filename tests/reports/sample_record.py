"""A made-up record and gallery for the tests: no number in it was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from synmedbench.benchmark import (
    Audit,
    CellRow,
    Claim,
    Data,
    FailedCell,
    GeneratorEntry,
    Memorisation,
    Ranking,
    RankRow,
    Record,
    RulerReading,
    ScoreRow,
    gallery_name,
    write_record,
)

CLASSES = ["basal cell carcinoma", "eczema", "melanoma", "naevus", "psoriasis", "vitiligo"]
TONES = ["I-II", "III-IV", "V-VI"]
QUALITY = {
    "real-holdout": 21.8, "blur:0.5": 29.1, "blur:1": 92.4, "blur:2": 173.2, "blur:4": 402.0, "noise": 1934.0,
    "copy": 18.2, "classical": 33.5, "diffusion": 124.9, "real-only": 111.2, "reward-weighted": 131.0, "draft": 118.4,
}  # fmt: skip
REFERENCES = ["real-holdout", "classical", "blur:0.5", "blur:1", "blur:2", "blur:4", "copy", "noise"]
ALIGNED = ["real-only", "reward-weighted", "draft"]


def sample_record(*, seeds: int = 2, rename: dict[str, str] | None = None, **changes: Any) -> Record:
    """A plausible made-up record with 12 generators; ``rename`` maps generators, ``changes`` replace fields."""
    rng = np.random.default_rng(7)
    numbers = list(range(seeds))
    parts: dict[str, Any] = {
        "name": "made-up quickstart",
        "status": "partial",
        "created": "2026-01-01T00:00:00+00:00",
        "asked": {"typed": "synmedbench run quickstart", "resolved": {"seeds": numbers}},
        "data": _data(),
        "generators": [_entry(name) for name in QUALITY],
        "judges": {
            "R": {"seed 0": {"auroc": 0.8712, "ece": 0.0412, "n": 96}, "seed 1": {"auroc": 0.864, "n": 96}},
            "H": {"what": "the oracle of phantom-derm, without noise", "simulated": True},
        },
        "code": {"version": "0.0.0", "commit": None},
        "seeds": numbers,
        "machine": {"system": "Linux", "cores": 2, "python": "3.11.2"},
        "durations": {"fit diffusion": 210.2, "score": 41.0, "align draft": 66.1, "train classifiers": 48.3},
        "claims": _claims(numbers),
        "audits": [
            Audit(
                aligner=name, control="real-only", verdict="cannot be known from these data",
                words="gain over the control: H 0.081, 0.062 (2 seeds, 5 needed)",
                gains={
                    judge: [float(x) for x in rng.normal(shift, 0.03, seeds)]
                    for judge, shift in (("R", 0.2), ("E", 0.12), ("H", 0.07))
                },
            )
            for name in ("reward-weighted", "draft")
        ],
        "memorisation": [_memorisation(name, seed) for name in QUALITY if name != "noise" for seed in numbers],
        "ranking": _ranking(),
        "ruler": [
            RulerReading(
                generator=name, metric="frechet_distance", extractor="domain", blur_sigma=1.32,
                words="as far from real as a blur of sigma 1.3 px",
            )
            for name in ("diffusion", *ALIGNED)
        ],
        "scores": [row for name in QUALITY for seed in numbers for row in _scores(name, seed, rng)],
        "cells": [row for seed in numbers for row in _cells(seed, rng)],
        "failed": [FailedCell(stage="score [noise, seed 1, inception]", error="the weights are not there")],
    }  # fmt: skip
    record = Record(**{**parts, **changes})
    return _renamed(record, rename or {})


def thin_record(**changes: Any) -> Record:
    """The made-up record with one seed, one extractor and five generators, for tests that build many pages."""
    record = sample_record(seeds=1)
    keep = {"real-holdout", "blur:1", "diffusion", "draft", "copy"}
    for name in ("generators", "memorisation", "ruler", "scores"):
        rows = [
            row
            for row in getattr(record, name)
            if getattr(row, "generator", getattr(row, "name", "")) in keep
        ]
        setattr(record, name, rows)
    record.scores = [row for row in record.scores if row.extractor != "texture"]
    if record.ranking:
        record.ranking.rows = [row for row in record.ranking.rows if row.generator in keep]
    return record.model_copy(update=changes)


def write_sample(folder: Path, record: Record, *, side: int = 32) -> Path:
    """Write the record and a gallery of drawn discs into a run folder."""
    (folder / "gallery").mkdir(parents=True, exist_ok=True)
    write_record(record, folder / "record.json")
    names = ["_real", *(entry.name for entry in record.generators)]
    for index, name in enumerate(names):
        arrays = _gallery(np.random.default_rng(index), record.data.classes, side, noisy="noise" in name)
        if name == "_real":
            arrays = {key: arrays[key] for key in ("images", "labels", "strata")}
        np.savez(folder / "gallery" / f"{gallery_name(name)}.npz", **arrays)  # type: ignore[arg-type]
    return folder


def _data() -> Data:
    return Data(
        name="phantom-derm", licence="Apache-2.0", source="drawn by synmedbench", content_hash="0" * 32, n=3600,
        image_size=32, decoding="RGB, 8 bit", classes=CLASSES,
        splits={"train": 1800, "val": 360, "reference": 540, "holdout": 360, "test": 540},
        strata={"skin_tone": dict.fromkeys(TONES, 1200)}, group_column="patient_id",
    )  # fmt: skip


def _entry(name: str) -> GeneratorEntry:
    kind = "reference" if name in REFERENCES else "aligned" if name in ALIGNED else "generator"
    return GeneratorEntry(
        name=name, kind=kind, version="1", licence="Apache-2.0", columns=["label", "skin_tone"],  # type: ignore[arg-type]
        trained_on="9f86d081884c7d659a2feaa0c55ad015", open_set=kind != "reference",
        settings={"steps": 250, "guidance": 1.0} if kind == "generator" else {},
    )  # fmt: skip


def _claims(seeds: list[int]) -> list[Claim]:
    few = "difference by seed: 0.081, 0.062 (2 seeds, 5 needed); nothing is claimed from so few"
    return [
        Claim(
            id="ceiling", sentence="No generator that does not copy beats real-holdout with intervals apart.",
            contrast="frechet_distance on domain, intervals over images, every seed", verdict="shown",
            words="no interval lies wholly on its better side", value=21.8, lo=17.1, hi=26.4,
            method="jackknife over images",
        ),
        Claim(
            id="copies", sentence="copy gives back images of its training patients.", verdict="shown",
            contrast="copy_share: copy against real hold-out images, one-sided, after Benjamini-Hochberg",
            words="100% of the images lie nearer to a training image than 99% of real hold-out images do",
            value=1.0, per_seed=[1.0 for _ in seeds],
        ),
        Claim(
            id="draft", sentence="draft makes more images that judge H calls plausible than real-only does.",
            contrast="plausible_share by H: draft - real-only, all", verdict="cannot be known from these data",
            words=few,             value=0.0715, per_seed=[0.081, 0.062],
        ),
        Claim(
            id="trains", sentence="Training with real+synthetic/diffusion gives a better classifier than real-only.",
            contrast="macro_auroc, all: real+synthetic/diffusion - real-only, 8 real images per class, equal steps",
            verdict="not shown", words="difference 0.004 [-0.012, 0.020] (p 0.6, after Holm 1)", value=0.004,
            lo=-0.012, hi=0.02, p=0.6, p_adjusted=1.0,
        ),
    ]  # fmt: skip


def _memorisation(name: str, seed: int) -> Memorisation:
    copies = name == "copy"
    return Memorisation(
        generator=name, seed=seed, memorising=None if name == "classical" else copies,
        copy_share=1.0 if copies else 0.012, lo=0.99 if copies else 0.004, hi=1.0 if copies else 0.03,
        holdout_share=0.01, p=1e-9 if copies else 0.4, p_adjusted=1e-8 if copies else 0.7, n=384,
        words="all images are copies of training images" if copies else "no more near-copies than real hold-out images",
    )  # fmt: skip


def _ranking() -> Ranking:
    ranked = sorted((name for name in QUALITY if name != "copy"), key=QUALITY.__getitem__)
    rows = [
        RankRow(
            generator=name, kind=_entry(name).kind, rank=place, rank_lo=max(1, place - (place in (6, 7))),
            rank_hi=place + (place in (5, 6)), value=QUALITY[name], lo=QUALITY[name] * 0.85, hi=QUALITY[name] * 1.17,
            tied_with=["diffusion"] if place in (5, 6, 7) and name != "diffusion" else [],
        )
        for place, name in enumerate(ranked, start=1)
    ]  # fmt: skip
    rows.append(
        RankRow(
            generator="copy", kind="reference", rank=None, value=18.2, lo=15.0, hi=21.0,
            reason="unranked: memorising. all images are copies of training images",
        )
    )  # fmt: skip
    return Ranking(
        metric="frechet_distance", extractor="domain", higher_is_better=False,
        method="envelope of 2 seeds' intervals", rows=rows,
    )  # fmt: skip


def _scores(name: str, seed: int, rng: np.random.Generator) -> list[ScoreRow]:
    fixed: dict[str, Any] = {
        "generator": name,
        "imageset": "phantom-derm",
        "seed": seed,
        "n_real": 540,
        "n_synthetic": 384,
    }
    good = 1 / (1 + QUALITY[name] / 100)
    rows = []
    for extractor in ("domain", "texture"):
        value = QUALITY[name] * float(rng.uniform(0.96, 1.04)) * (1 if extractor == "domain" else 0.02)
        rows.append(_row(fixed, extractor, "frechet_distance", value, 0.12 * value, higher=False))
        rows.append(_row(fixed, extractor, "kernel_distance", value / 900, 0.1 * value / 900, higher=False))
        for metric, tilt in (("precision", 0.1), ("recall", -0.1), ("coverage", -0.05)):
            share = float(np.clip(good + tilt + rng.normal(0, 0.02), 0.01, 0.99))
            rows.append(_row(fixed, extractor, metric, share, 0.04, higher=True))
    for tone in TONES:
        value = QUALITY[name] / 900 * float(rng.uniform(0.9, 1.5))
        row = _row(fixed, "domain", "kernel_distance", value, 0.2 * value, higher=False)
        row = row.model_copy(update={"stratum": f"skin_tone={tone}"})
        if tone == "V-VI" and name == "noise":
            row = row.model_copy(
                update={
                    "value": None,
                    "lo": None,
                    "hi": None,
                    "reason": "not enough data: 14 images in V-VI, 50 needed",
                }
            )
        rows.append(row)
    for judge, shift in (("R", 0.1), ("E", 0.0), ("H", -0.1)):
        lift = 0.12 if name in ALIGNED else 0.0
        rows.append(
            _row(
                fixed,
                judge,
                "plausible_share",
                float(np.clip(good + shift + lift, 0.02, 0.97)),
                0.04,
                higher=True,
            )
        )
    return rows


def _row(
    fixed: dict[str, Any], extractor: str, metric: str, value: float, half: float, *, higher: bool
) -> ScoreRow:
    return ScoreRow(
        **fixed, extractor=extractor, metric=metric, value=value, lo=value - half, hi=value + half,
        method="jackknife", higher_is_better=higher,
    )  # fmt: skip


def _cells(seed: int, rng: np.random.Generator) -> list[CellRow]:
    rows = []
    arms: list[tuple[str, str | None, float, float]] = [
        ("real-only", None, 0.0, 0.0), ("real-repeated", None, 2.0, 0.002), ("real+synthetic", "diffusion", 2.0, 0.02),
        ("real+synthetic", "draft", 2.0, 0.03), ("synthetic-only", "diffusion", 2.0, -0.08),
    ]  # fmt: skip
    for n_real in (8, 32, 128):
        for arm, generator, ratio, lift in arms:
            base = 0.70 + 0.05 * np.log2(n_real / 8) + lift * 8 / n_real
            for stratum, shift in (
                ("all", 0.0),
                ("worst:skin_tone", -0.08),
                *((f"skin_tone={t}", -0.02) for t in TONES),
            ):
                for metric in ("macro_auroc", "balanced_accuracy"):
                    value = float(
                        base + shift - (0.2 if metric != "macro_auroc" else 0) + rng.normal(0, 0.008)
                    )
                    rows.append(
                        CellRow(
                            arm=arm, generator=generator, n_real_train=n_real, ratio=ratio, classifier="timm:resnet10t",
                            seed=seed, stratum=stratum, n_test=540, metric=metric, value=value,
                            lo=value - 0.03, hi=value + 0.03,
                        )
                    )  # fmt: skip
    return rows


def _gallery(rng: np.random.Generator, classes: list[str], side: int, *, noisy: bool) -> dict[str, Any]:
    y, x = np.mgrid[:side, :side] / side - 0.5
    images, labels, strata = [], [], []
    for index, label in enumerate(classes):
        for tone, base in zip(TONES, ((235, 205, 185), (190, 145, 115), (95, 65, 50)), strict=True):
            for _ in range(4):
                skin = np.ones((side, side, 3)) * base + rng.normal(0, 5, (side, side, 1))
                centre = rng.normal(0, 0.06, 2)
                inside = np.hypot(x - centre[0], y - centre[1]) < 0.16 + 0.03 * index
                skin[inside] = (np.array(base) * (0.35 + 0.09 * index))[None]
                picture = rng.integers(0, 256, skin.shape) if noisy else skin
                images.append(np.clip(picture, 0, 255).astype(np.uint8))
                labels.append(label)
                strata.append(tone)
    stack = np.stack(images)
    order = rng.permutation(len(stack))
    return {
        "images": stack, "labels": np.array(labels), "strata": np.array(strata), "nearest": stack[order],
        "distance": rng.uniform(0.1, 9, len(stack)), "nearest_label": np.array(labels)[order],
    }  # fmt: skip


def _renamed(record: Record, names: dict[str, str]) -> Record:
    if not names:
        return record
    for rows in (record.generators,):
        for entry in rows:
            entry.name = names.get(entry.name, entry.name)
    ranked = record.ranking.rows if record.ranking else []
    for group in (record.scores, record.cells, record.memorisation, record.ruler, ranked):
        for row in group:  # type: ignore[attr-defined]
            row.generator = names.get(row.generator, row.generator)
    for audit in record.audits:
        audit.aligner = names.get(audit.aligner, audit.aligner)
    return record
