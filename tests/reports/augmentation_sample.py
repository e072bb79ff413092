"""A made-up record of an augmentation grid for the tests: no number in it was measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from sample_record import CLASSES, TONES, thin_record

from synmedbench.benchmark import (
    Augmentation,
    CellRow,
    Contrast,
    CurvePoint,
    Equivalence,
    Leakage,
    LearningCurve,
    Levelling,
    PlausibilityGain,
    Record,
    Saturation,
    SaturationModel,
    Sharing,
    Speed,
    Tuning,
    VarianceShare,
)
from synmedbench.core import MIN_SEEDS, t_interval

NUMBERS = (8, 16, 32, 64, 128)
RATIOS = (1.0, 4.0, 10.0)
GENERATORS = {"diffusion": 0.022, "diffusion-closed": 0.009, "draft": 0.03}
PLAIN_ARMS = {
    "real-repeated": 0.003,
    "classical": 0.012,
    "randaugment": 0.016,
    "mixup": 0.004,
    "cutmix": -0.006,
    "oversampled": 0.001,
    "focal": -0.003,
    "extra-real": 0.05,
}
MIXED_ARMS = {
    "real+aimed-synthetic": 0.8,
    "real+weighted-synthetic": 0.9,
    "synthetic-then-real": 0.7,
    "real+shuffled-synthetic": -1.2,
    "synthetic-only": -4.0,
}
MAIN = "macro_auroc"


def augmentation_record(
    *,
    seeds: int = 5,
    classifiers: Sequence[str] = ("mobilenetv2_100",),
    columns: dict[str, Sequence[str]] | None = None,
    generators: dict[str, float] = GENERATORS,
    test_sets: Sequence[str] = ("site=B", "external:ddi"),
    numbers: Sequence[int] = NUMBERS,
    **changes: Any,
) -> Record:
    """A made-up record: gains fall with the number of real images and level off with the ratio; V-VI loses a little."""
    groups = {"skin_tone": TONES, "skin_tone_2": TONES} if columns is None else columns
    make = _Maker(seeds, classifiers, groups, generators, test_sets, numbers)
    record = thin_record(cells=make.cells(), audits=[], name="made-up grid", status="complete")
    record.seeds = list(range(seeds))
    record.augmentation = make.augmentation()
    return record.model_copy(update=changes)


class _Maker:
    def __init__(
        self,
        seeds: int,
        classifiers: Sequence[str],
        groups: dict[str, Sequence[str]],
        generators: dict[str, float],
        test_sets: Sequence[str],
        numbers: Sequence[int],
    ) -> None:
        self.seeds, self.classifiers, self.groups, self.generators = seeds, classifiers, groups, generators
        self.test_sets, self.numbers = test_sets, numbers
        self.rng = np.random.default_rng(11)

    def arms(self) -> list[tuple[str, str | None, float, float]]:
        found: list[tuple[str, str | None, float, float]] = [
            (arm, None, 10.0 if arm in ("real-repeated", "extra-real") else 0.0, lift)
            for arm, lift in PLAIN_ARMS.items()
        ]
        for name, lift in self.generators.items():
            found += [("real+synthetic", name, ratio, lift * (1 - np.exp(-ratio / 3))) for ratio in RATIOS]
            found += [(arm, name, 10.0, lift * part) for arm, part in MIXED_ARMS.items()]
        return found

    def cells(self) -> list[CellRow]:
        rows = []
        for classifier in self.classifiers:
            for seed in range(self.seeds):
                for n in self.numbers:
                    for arm, generator, ratio, lift in [("real-only", None, 0.0, 0.0), *self.arms()]:
                        if arm in MIXED_ARMS and generator != next(iter(self.generators)):
                            continue
                        for metric in (MAIN, "balanced_accuracy"):
                            value = (
                                1 - self.error(n) + lift * (8 / n) ** 0.5 + float(self.rng.normal(0, 0.006))
                            )
                            rows.append(
                                CellRow(
                                    arm=arm,
                                    generator=generator,
                                    n_real_train=n,
                                    ratio=ratio,
                                    classifier=classifier,
                                    seed=seed,
                                    n_test=540,
                                    metric=metric,
                                    value=value,
                                    lo=value - 0.02,
                                    hi=value + 0.02,
                                    open_set=None if generator is None else not generator.endswith("-closed"),
                                    detectable=0.03,
                                )
                            )
        return rows

    @staticmethod
    def error(n: float) -> float:
        return 0.55 * n**-0.45 + 0.06

    def augmentation(self) -> Augmentation:
        found = Augmentation()
        for classifier in self.classifiers:
            found.contrasts += self.contrasts(classifier)
            found.levelling += self.levelling(classifier)
            found.curves += [self.curve(classifier)]
            found.equivalences += self.equivalences(classifier)
            found.saturation += self.saturation(classifier)
            found.variance += self.variance(classifier)
            found.sharing += self.sharing(classifier)
            found.tuning += [
                Tuning(
                    classifier=classifier,
                    n_real_train=n,
                    seed=seed,
                    tried=[{"penalty": p} for p in (0.01, 0.1, 1)],
                    n_val=2 * n,
                    chosen={"penalty": 0.1 if n > 8 or seed else 1.0},
                    words="the smallest validation log loss",
                )
                for n in self.numbers
                for seed in range(self.seeds)
            ]
            found.speed.append(
                Speed(
                    classifier=classifier,
                    precision="float32",
                    channels_last=True,
                    seconds_per_step={"float32": 0.081, "float32 channels-last": 0.047, "bfloat16": 0.112},
                )
            )
        found.plausibility = self.plausibility()
        found.leakage = [
            Leakage(
                kind="patient",
                where="train, test",
                images=0,
                of=540,
                policy="grouped",
                words="none on both sides",
            ),
            Leakage(
                kind="near-duplicate",
                where="train, test",
                images=7,
                of=540,
                threshold=6,
                policy="grouped",
                words="7 test images have a near-duplicate; they were kept on one side",
            ),
            Leakage(
                kind="synthetic near test",
                where="diffusion",
                images=4,
                of=3200,
                threshold=0.31,
                policy="counted",
                words="4 synthetic images lie nearer to a test image than 99% of real ones do",
            ),
        ]
        return found

    def contrast(
        self,
        classifier: str,
        side: str,
        over: str,
        n: int,
        ratio: float,
        gain: float,
        noise: float = 0.006,
        **more: Any,
    ) -> Contrast:
        each = [gain + float(x) for x in self.rng.normal(0, noise, self.seeds)]
        mean = sum(each) / len(each)
        fixed: dict[str, Any] = {
            "classifier": classifier,
            "metric": MAIN,
            "a": side,
            "b": over,
            "n_real_train": n,
            "ratio": ratio,
            "n_test": 540,
            "value": mean,
            "per_seed": each,
        }
        if self.seeds < MIN_SEEDS:
            words = f"difference by seed ({self.seeds} seeds, 5 needed); nothing is claimed from so few"
            return Contrast(**{**fixed, "verdict": "cannot be known from these data", "words": words, **more})
        found = t_interval(each)
        p = float(min(1.0, np.exp(-2.2 * abs(mean) / max(found.hi - mean, 1e-6))))
        verdict = "not shown" if found.lo <= 0 <= found.hi or p > 0.05 else "better" if mean > 0 else "worse"
        return Contrast(
            **{
                **fixed,
                "lo": found.lo,
                "hi": found.hi,
                "p": p,
                "p_adjusted": min(1.0, 1.6 * p),
                "detectable": 0.018,
                "mcnemar_p": [0.03, 0.2, 0.001, 0.4, 0.08],
                "verdict": verdict,
                "words": f"gain {mean:+.3f}",
                "method": "paired t over seeds",
                **more,
            }
        )

    def contrasts(self, classifier: str) -> list[Contrast]:
        found = []
        for n in self.numbers:
            for arm, generator, ratio, lift in self.arms():
                side, gain = (f"{arm}/{generator}" if generator else arm), lift * (8 / n) ** 0.5
                found.append(self.contrast(classifier, side, "real-only", n, ratio, gain))
                if generator and arm == "real+synthetic":
                    found.append(self.contrast(classifier, side, "real-repeated", n, ratio, gain - 0.004))
                    if ratio == max(RATIOS):
                        control = f"real+shuffled-synthetic/{generator}"
                        found.append(self.contrast(classifier, side, control, n, ratio, gain + 0.02))
                        found += self.by_group(classifier, side, n, ratio, gain)
                        found += [
                            self.contrast(
                                classifier,
                                side,
                                "real-only",
                                n,
                                ratio,
                                0.5 * gain - 0.004,
                                0.012,
                                test_set=name,
                            )
                            for name in self.test_sets
                        ]
        found.append(
            self.contrast(classifier, "real+synthetic/draft", "real-only", 8, 10.0, 0.028, id="draft-trains")
        )
        found.append(
            self.contrast(
                classifier,
                "real+synthetic/draft",
                "real+synthetic/diffusion",
                32,
                10.0,
                0.002,
                0.002,
                id="draft-like-diffusion",
                margin=0.01,
                p_equivalent=0.004,
                verdict="equivalent",
            )
        )
        return found

    def by_group(self, classifier: str, side: str, n: int, ratio: float, gain: float) -> list[Contrast]:
        found = []
        for column, values in self.groups.items():
            for index, value in enumerate(values):
                own = gain * (1.2 - 0.5 * index) - (0.012 if index == len(values) - 1 else 0)
                found.append(
                    self.contrast(
                        classifier,
                        side,
                        "real-only",
                        n,
                        ratio,
                        own,
                        0.01,
                        stratum=f"{column}={value}",
                        n_test=180,
                    )
                )
            found.append(
                self.contrast(
                    classifier,
                    side,
                    "real-only",
                    n,
                    ratio,
                    gain * 0.4 - 0.004,
                    0.01,
                    stratum=f"worst:{column}",
                )
            )
        for index, name in enumerate(CLASSES):
            own = self.contrast(
                classifier,
                side,
                "real-only",
                n,
                ratio,
                gain * (1.5 - 0.3 * index),
                0.02,
                stratum=f"label={name}",
                metric="recall",
                n_test=90,
            )
            found.append(own)
        return found

    def levelling(self, classifier: str) -> list[Levelling]:
        found = []
        for column, values in self.groups.items():
            for place, (name, lift) in enumerate(self.generators.items()):
                for n in (self.numbers[0], self.numbers[-1]):
                    up, down = (lift, lift * 1.4) if place != 1 else (-0.03, -0.004)
                    flagged = None if self.seeds < MIN_SEEDS else place == 1 and n == self.numbers[-1]
                    known = flagged is not None
                    found.append(
                        Levelling(
                            classifier=classifier,
                            metric=MAIN,
                            stratum=f"gap:{column}",
                            a=f"real+synthetic/{name}",
                            b="real-only",
                            column=column,
                            n_real_train=n,
                            ratio=10.0,
                            better_group=values[0],
                            worse_group=values[-1],
                            gap_change=up - down if known else None,
                            gap_lo=up - down - 0.01 if known else None,
                            gap_hi=up - down + 0.01 if known else None,
                            better_change=up if known else None,
                            better_lo=up - 0.012 if known else None,
                            better_hi=up + 0.012 if known else None,
                            worse_change=down if known else None,
                            worse_lo=down - 0.015 if known else None,
                            worse_hi=down + 0.015 if known else None,
                            flagged=flagged,
                            words=f"the gap between {values[0]} and {values[-1]} changed"
                            if known
                            else "5 seeds needed",
                        )
                    )
        return found

    def curve(self, classifier: str) -> LearningCurve:
        points = [
            CurvePoint(
                n=n,
                value=self.error(n) + float(self.rng.normal(0, 0.003)),
                lo=self.error(n) - 0.012,
                hi=self.error(n) + 0.012,
                seeds=self.seeds,
            )
            for n in self.numbers
        ]
        return LearningCurve(
            classifier=classifier,
            metric=MAIN,
            points=points,
            a=0.55,
            b=0.45,
            c=0.06,
            b_lo=0.38,
            b_hi=0.53,
            c_lo=0.04,
            c_hi=0.08,
            seeds=self.seeds,
            words="",
        )

    def equivalences(self, classifier: str) -> list[Equivalence]:
        found = []
        for name, lift in self.generators.items():
            for n in self.numbers:
                for ratio in RATIOS:
                    ere = (0.2 if lift > 0.01 else 0.06) * (8 / n) ** 0.5 / ratio**0.4
                    n_eff = n + ere * ratio * n
                    fixed: dict[str, Any] = {
                        "classifier": classifier,
                        "metric": MAIN,
                        "arm": "real+synthetic",
                        "generator": name,
                        "n_real_train": n,
                        "ratio": ratio,
                        "synthetic": ratio * n,
                    }
                    if self.seeds < MIN_SEEDS:
                        found.append(Equivalence(**fixed, reason=f"{self.seeds} seeds, 5 needed"))
                    elif n_eff > self.numbers[-1]:
                        found.append(
                            Equivalence(
                                **fixed,
                                censored="above",
                                n_eff_lo=0.9 * n_eff if n < 128 else None,
                                reason="beyond the largest number trained",
                            )
                        )
                    else:
                        found.append(
                            Equivalence(
                                **fixed,
                                n_eff=n_eff,
                                n_eff_lo=n_eff * 0.86,
                                n_eff_hi=n_eff * 1.2 if n < 64 else None,
                                ere=ere,
                                ere_lo=ere - 0.14 * n_eff / (ratio * n),
                                ere_hi=ere + 0.2 * n_eff / (ratio * n) if n < 64 else None,
                            )
                        )
        tone = next(iter(self.groups), None)
        for value in self.groups.get(tone, ())[:3] if tone else ():
            found.append(found[0].model_copy(update={"stratum": f"{tone}={value}"}))
        return found

    def saturation(self, classifier: str) -> list[Saturation]:
        found = []
        for place, name in enumerate(self.generators):
            for n in (self.numbers[0], 32, 128):
                fixed: dict[str, Any] = {
                    "classifier": classifier,
                    "metric": MAIN,
                    "arm": "real+synthetic",
                    "generator": name,
                    "n_real_train": n,
                    "ratios": list(RATIOS),
                }
                if self.seeds < MIN_SEEDS or n == 128:
                    found.append(Saturation(**fixed, reason="not enough data: no gain to model"))
                    continue
                models = [
                    SaturationModel(name=kind, parameters={"gain": 0.02}, aicc=-20.0 - w, weight=w)  # type: ignore[arg-type]
                    for kind, w in (("saturating", 0.71), ("linear", 0.2), ("peak", 0.08), ("none", 0.01))
                ]
                found.append(
                    Saturation(
                        **fixed,
                        models=models,
                        chosen="peak" if place == 1 and n == 8 else "saturating",
                        pays_until=4.6 + place,
                        pays_lo=2.2,
                        pays_hi=8.8 + place,
                        equivalent_beyond=place == 0,
                    )
                )
        return found

    def variance(self, classifier: str) -> list[VarianceShare]:
        shares = {"n_real": 0.71, "arm": 0.11, "generator": 0.05, "ratio": 0.04, "seed": 0.03, "rest": 0.06}
        return [
            VarianceShare(
                classifier=classifier,
                metric=metric,
                factor=factor,
                share=share,
                lo=max(0.0, share - 0.05),
                hi=min(1.0, share + 0.05),
                cells=375,
            )
            for metric in (MAIN, "balanced_accuracy")
            for factor, share in shares.items()
        ]

    def plausibility(self) -> list[PlausibilityGain]:
        points: list[dict[str, Any]] = [
            {
                "generator": name,
                "label": label,
                "measure": 0.4 + 9 * lift + float(self.rng.normal(0, 0.04)),
                "gain": lift + float(self.rng.normal(0, 0.012)),
            }
            for name, lift in self.generators.items()
            for label in CLASSES
        ]
        few = f"with {len(self.generators)} generators a correlation between generators proves nothing"
        return [
            PlausibilityGain(
                classifier=self.classifiers[0],
                metric=MAIN,
                stratum="all",
                measure="plausible_share",
                slope=0.11,
                lo=-0.05,
                hi=0.27,
                p=0.11,
                n_generators=len(self.generators),
                n_rows=len(points),
                points=points,
                method="mixed model, random intercepts of generator and class",
                verdict="cannot be known from these data",
                words=few,
            )
        ]

    def sharing(self, classifier: str) -> list[Sharing]:
        found = []
        for place, name in enumerate([*self.generators, "copy"]):
            for n in (32, 128):
                kept = 0.62 + 0.08 * place - (0.1 if n == 32 else 0)
                copies = 1.0 if name == "copy" else 0.01 + 0.01 * place
                found.append(
                    Sharing(
                        classifier=classifier,
                        metric=MAIN,
                        generator=name,
                        n_real_train=n,
                        ratio=10.0,
                        kept=kept,
                        kept_lo=kept - 0.06,
                        kept_hi=kept + 0.06,
                        copy_share=copies,
                        copy_lo=max(0.0, copies - 0.008),
                        copy_hi=min(1.0, copies + 0.02),
                        memorising=name == "copy" if place != 1 else None,
                        open_set=not name.endswith("-closed"),
                        words="",
                    )
                )
        return found


def counted(record: Record) -> dict[str, int]:
    """How many rows each part of the analysis has."""
    part = record.augmentation or Augmentation()
    found: dict[str, int] = defaultdict(int)
    for name in type(part).model_fields:
        found[name] = len(getattr(part, name))
    return dict(found)
