"""A made-up record of an alignment with every kind of method: no number in it was measured."""

from __future__ import annotations

from typing import Any

import numpy as np
from sample_record import sample_record

from synmedbench.benchmark import Audit, GeneratorEntry, Price, Record, ScoreRow, TrajectoryPoint

GAINS = {
    "real-only": (0.0, 0.0, 0.0), "reward-weighted": (0.02, 0.0, -0.05), "draft": (0.3, 0.2, 0.16),
    "draft-rerated": (0.28, 0.22, 0.2), "kto": (0.1, 0.06, 0.03), "nft": (0.4, 0.02, -0.2),
    "best-of-4": (0.2, 0.12, 0.08), "guidance:3": (0.3, 0.2, 0.15), "shuffled:draft": (0.0, 0.0, -0.03),
    "inverted:draft": (-0.3, -0.2, -0.2),
}  # fmt: skip
VERDICTS = {
    "draft": "helped",
    "draft-rerated": "helped",
    "best-of-4": "helped",
    "guidance:3": "helped",
    "nft": "hacked",
}
STEPS = (0, 50, 100, 150, 200)


def aligned_record(seeds: int = 5, **changes: Any) -> Record:
    """The made-up quickstart with ten methods and controls, trajectories, prices and cards of R after alignment."""
    draw = np.random.default_rng(11)
    record = sample_record(seeds=seeds, status="complete", failed=[], audits=[])
    old = {"real-only", "reward-weighted", "draft"}
    record.generators = [entry for entry in record.generators if entry.name not in old]
    record.scores = [row for row in record.scores if row.generator not in old]
    record.asked["resolved"] = {"base": "diffusion:unet-small?steps=2000", "seeds": record.seeds}
    base = [row for row in record.scores if row.generator == "diffusion"]
    for name, gains in GAINS.items():
        record.generators.append(
            GeneratorEntry(name=name, kind="aligned", version="1", licence="Apache-2.0", trained_on="0" * 32)
        )
        record.scores += [_moved(row, name, gains, draw) for row in base]
    record.audits = [_audit(record, name) for name in GAINS if name != "real-only"]
    record.audits.append(_chosen(record))
    record.trajectories = _trajectories(record.seeds, draw)
    cards = {f"seed {seed}": _card(0.86, draw, record.data.classes) for seed in record.seeds}
    for card in cards.values():
        card["after"] = {
            name: _card(0.86 - 0.6 * max(0.0, r), draw, record.data.classes)
            for name, (r, _, _) in GAINS.items()
        }
    record.judges = {**record.judges, "R": cards}
    return record.model_copy(update=changes)


def _moved(row: ScoreRow, name: str, gains: tuple[float, ...], draw: np.random.Generator) -> ScoreRow:
    shift = dict(zip("REH", gains, strict=True)).get(row.extractor, -0.06 * abs(gains[0]))
    value = 0.5 + shift if row.metric == "plausible_share" else (row.value or 0.0) + shift
    value = float(np.clip(value + draw.normal(0, 0.015), 0, None if row.value and row.value > 1 else 1))
    return row.model_copy(update={"generator": name, "value": value, "lo": value - 0.04, "hi": value + 0.04})


def _values(record: Record, name: str, extractor: str, metric: str) -> list[float]:
    return [
        row.value or 0.0
        for row in record.scores
        if (row.generator, row.extractor, row.metric, row.stratum) == (name, extractor, metric, "all")
    ]


def _less(record: Record, name: str, extractor: str, metric: str) -> list[float]:
    ours, control = (_values(record, n, extractor, metric) for n in (name, "real-only"))
    return [a - b for a, b in zip(ours, control, strict=True)]


def _audit(record: Record, name: str) -> Audit:
    n, trains = len(record.seeds), name not in ("best-of-4", "guidance:3")
    verdict = VERDICTS.get(name, "not shown") if n >= 5 else "cannot be known from these data"
    prices = []
    for metric in ("recall", "coverage"):
        lost = _less(record, name, "domain", metric)
        value = sum(lost) / n
        prices.append(
            Price(
                metric=metric, value=value, lo=value - 0.02 if n > 1 else None, margin=0.05, per_seed=lost,  # type: ignore[arg-type]
                verdict="not inferior" if value > -0.02 else "not shown", words=f"{metric}: made-up words on {name}",
            )
        )  # fmt: skip
    return Audit(
        aligner=name, control="real-only", verdict=verdict, words=f"made-up words on {name}", prices=prices,  # type: ignore[arg-type]
        gains={judge: _less(record, name, judge, "plausible_share") for judge in "REH"},
        path_kl=[12.0 + s for s in range(n)] if trains else [0.64 if name == "best-of-4" else None] * n,
        path_kl_bound=name == "best-of-4", stopped_at=[100 + 50 * (s % 3) for s in range(n)] if trains else [None] * n,
        seconds=[190.0 + s for s in range(n)], steps=200 if trains else None,
    )  # fmt: skip


def _chosen(record: Record) -> Audit:
    best = next(audit for audit in record.audits if audit.aligner == "draft-rerated")
    return best.model_copy(
        update={"aligner": "best by E", "chosen_by_e": True, "words": "E chose draft-rerated on every seed"}
    )


def _trajectories(seeds: list[int], draw: np.random.Generator) -> list[TrajectoryPoint]:
    found = []
    for seed in seeds:
        base = _point("diffusion", seed, 0, None, (0.0, 0.0, 0.0), draw)
        found.append(base)
        for name, gains in GAINS.items():
            if name in ("best-of-4", "guidance:3"):
                kl = 0.64 if name == "best-of-4" else None
                why = None if kl else "path_kl: guidance changes the sampling itself"
                found.append(
                    _point(name, seed, 0, kl, gains, draw, chosen=True).model_copy(update={"reason": why})
                )
                continue
            found.append(base.model_copy(update={"generator": name, "chosen": False}))
            for step in STEPS[1:]:
                part = step / 200
                turned = (gains[0] * part, gains[1] * part, gains[2] * part * (1.6 - part))
                kl = 40 * part * part * (0.2 + abs(gains[0]))
                found.append(_point(name, seed, step, kl, turned, draw, chosen=step == 150))
    return found


def _point(
    name: str, seed: int, step: int, kl: float | None, gains: tuple[float, ...], draw: np.random.Generator, **more: Any
) -> TrajectoryPoint:  # fmt: skip
    noise = draw.normal(0, 0.02, 5)
    return TrajectoryPoint(
        generator=name, seed=seed, step=step, n=128, path_kl=kl, path_kl_lo=kl and kl * 0.8, path_kl_hi=kl and kl * 1.2,
        R=0.5 + gains[0] + noise[0], E=0.5 + gains[1] + noise[1], H=0.5 + gains[2] + noise[2],
        coverage=0.7 - 0.1 * abs(gains[0]) + noise[3], vendi=12.0 - 8 * abs(gains[0]) + 9 * noise[4],
        label_agreement=0.9, near_copies=0.01 + abs(noise[4]) / 10, **more,
    )  # fmt: skip


def _card(auroc: float, draw: np.random.Generator, classes: list[str]) -> dict[str, Any]:
    value = float(auroc + draw.normal(0, 0.02))
    by_class = {
        name: {"n": 40, "n_plausible": 20, "auroc": value + float(draw.normal(0, 0.03)) if i else None}
        for i, name in enumerate(classes)
    }
    return {
        "n": 256, "n_ratings": 256, "auroc": value, "auroc_lo": value - 0.05, "auroc_hi": value + 0.05,
        "auprc": 0.8, "brier": 0.15, "ece": 0.05, "plausible_share": 0.5, "by_class": by_class, "reason": None,
    }  # fmt: skip
