"""The part of a record that says what synthetic training images were worth: contrasts, curves, equivalences."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ._record_number import Number, RecordPart

Undecided = Literal["cannot be known from these data"]


class _Setting(RecordPart):
    """Which cells a row speaks of."""

    classifier: str
    metric: str
    stratum: str = "all"
    test_set: str = Field(default="test", description="'test', 'COLUMN=VALUE' left out of training, or 'external:NAME'")


class Contrast(_Setting):
    """Two arms in the same setting, paired by seed: ``a`` less ``b``, positive where ``a`` serves better."""

    id: str | None = Field(default=None, description="the registered contrast's id; null: one of the family of gains")
    a: str = Field(description="ARM or ARM/GENERATOR")
    b: str
    n_real_train: int
    ratio: float
    n_test: int
    value: Number = None
    lo: Number = None
    hi: Number = None
    level: float = 0.95
    p: Number = None
    p_adjusted: Number = Field(default=None, description="Holm over registered contrasts, Benjamini-Hochberg else")
    per_seed: list[float] = Field(default_factory=list)
    mcnemar_p: list[Number] = Field(default_factory=list, description="exact, per seed: p of equal error rates")
    margin: Number = Field(default=None, description="of equivalence, where one was registered")
    p_equivalent: Number = Field(default=None, description="two one-sided tests within the margin")
    detectable: Number = Field(
        default=None, description="smallest true difference that 80% of such comparisons would show, before correction"
    )
    verdict: Literal["better", "worse", "equivalent", "not shown", "cannot be known from these data"]
    doubt: str | None = Field(default=None, description="why nothing can be known, where that is the verdict")
    words: str
    method: str = ""


class Levelling(_Setting):
    """Whether the gap between groups closed because the better group got worse."""

    a: str
    b: str
    column: str
    n_real_train: int
    ratio: float
    better_group: str | None = None
    worse_group: str | None = None
    gap_change: Number = Field(
        default=None, description="between these two groups: gap of a less gap of b; negative: it closed"
    )
    gap_lo: Number = None
    gap_hi: Number = None
    better_change: Number = Field(default=None, description="what a gave the group that both served best")
    better_lo: Number = None
    better_hi: Number = None
    worse_change: Number = Field(default=None, description="what a gave the group that both served worst")
    worse_lo: Number = None
    worse_hi: Number = None
    p: Number = Field(
        default=None, description="one-sided: the gap did not close, or the better group lost less than half of it"
    )
    p_adjusted: Number = Field(default=None, description="Benjamini-Hochberg over all rows")
    flagged: bool | None = Field(default=None, description="true: levelled down; null: cannot be known")
    words: str


class CurvePoint(RecordPart):
    """Mean over seeds at one number of real images per class."""

    n: int
    value: float
    lo: Number = None
    hi: Number = None
    seeds: int


class LearningCurve(_Setting):
    """The error of real images alone over their number per class: ``err(n) = a n^-b + c``."""

    points: list[CurvePoint] = Field(default_factory=list)
    a: Number = None
    b: Number = None
    c: Number = None
    b_lo: Number = None
    b_hi: Number = None
    c_lo: Number = None
    c_hi: Number = None
    seeds: int = 0
    reason: str | None = None
    words: str = ""


class Equivalence(_Setting):
    """What number of real images would have given an arm's result, and what one synthetic image was worth."""

    arm: str
    generator: str | None
    n_real_train: int
    ratio: float
    synthetic: float = Field(description="synthetic images per class, m")
    n_eff: Number = Field(default=None, description="real images per class that give the same result alone")
    n_eff_lo: Number = None
    n_eff_hi: Number = None
    ere: Number = Field(default=None, description="(n_eff - n) / m: real images that one synthetic image is worth")
    ere_lo: Number = None
    ere_hi: Number = None
    censored: Literal["above", "below"] | None = Field(
        default=None, description="n_eff lies above the largest or below the smallest n that was trained"
    )
    reason: str | None = None
    words: str = ""


class SaturationModel(RecordPart):
    """One way in which the worth of synthetic images may go with their number."""

    name: Literal["none", "linear", "saturating", "peak"]
    parameters: dict[str, float]
    aicc: Number = None
    weight: Number = Field(default=None, description="Akaike weight")


class Saturation(_Setting):
    """How the worth of synthetic images goes with the ratio, and where the next one stops paying."""

    arm: str
    generator: str | None
    n_real_train: int
    ratios: list[float] = Field(default_factory=list)
    models: list[SaturationModel] = Field(default_factory=list)
    chosen: str | None = None
    pays_until: Number = Field(default=None, description="ratio beyond which the next synthetic image adds nothing")
    pays_lo: Number = None
    pays_hi: Number = None
    censored: Literal["above", "below"] | None = None
    equivalent_beyond: bool | None = Field(
        default=None, description="two one-sided tests: the largest ratio gives what the paying ratio gives"
    )
    reason: str | None = None
    words: str = ""


class VarianceShare(_Setting):
    """The part of the variance of a measure that goes with one factor of the grid."""

    factor: str = Field(description="n_real, ratio, generator, arm, stratum, seed, rest")
    share: Number = None
    lo: Number = None
    hi: Number = None
    cells: int = 0
    reason: str | None = None


class PlausibilityGain(_Setting):
    """Whether generators that are judged more plausible bring a larger gain."""

    measure: str = Field(description="plausible_share by H, realism, a fidelity metric")
    slope: Number = Field(default=None, description="gain per unit of the measure")
    lo: Number = None
    hi: Number = None
    p: Number = None
    n_generators: int = 0
    n_rows: int = 0
    method: str = ""
    points: list[dict[str, Any]] = Field(default_factory=list, description="generator, label, measure, gain")
    verdict: Literal["shown", "not shown", "cannot be known from these data"]
    words: str


class Sharing(_Setting):
    """Synthetic images instead of patients: utility kept against patients given away."""

    generator: str
    n_real_train: int
    ratio: float
    kept: Number = Field(default=None, description="(synthetic only - chance) / (real only - chance)")
    kept_lo: Number = None
    kept_hi: Number = None
    copy_share: Number = Field(default=None, description="share of images that are near-copies of a training image")
    copy_lo: Number = None
    copy_hi: Number = None
    memorising: bool | None = None
    open_set: bool = True
    words: str


class Leakage(RecordPart):
    """Images that could carry the test into the training."""

    kind: Literal["patient", "lesion", "duplicate", "near-duplicate", "synthetic near test"]
    where: str = Field(description="splits or generator concerned")
    images: int
    of: int
    threshold: Number = None
    policy: Literal["stopped", "counted", "grouped", "left out"]
    words: str


class Tuning(RecordPart):
    """What the real-only arm chose on the validation images, for every arm."""

    classifier: str
    n_real_train: int
    seed: int
    test_set: str = Field(default="test", description="'COLUMN=VALUE': chosen without the images of that value")
    n_val: int | None = Field(default=None, description="validation images, all classes; real images that all arms had")
    tried: list[dict[str, Any]] = Field(default_factory=list)
    chosen: dict[str, Any] = Field(default_factory=dict)
    words: str = ""


class Speed(RecordPart):
    """Which precision and memory layout trained fastest, by a short measurement."""

    classifier: str
    precision: str
    channels_last: bool
    seconds_per_step: dict[str, float] = Field(default_factory=dict)
    words: str = ""


class Augmentation(RecordPart):
    """All that the grid of classifiers was analysed for."""

    contrasts: list[Contrast] = Field(default_factory=list)
    levelling: list[Levelling] = Field(default_factory=list)
    curves: list[LearningCurve] = Field(default_factory=list)
    equivalences: list[Equivalence] = Field(default_factory=list)
    saturation: list[Saturation] = Field(default_factory=list)
    variance: list[VarianceShare] = Field(default_factory=list)
    plausibility: list[PlausibilityGain] = Field(default_factory=list)
    sharing: list[Sharing] = Field(default_factory=list)
    leakage: list[Leakage] = Field(default_factory=list)
    tuning: list[Tuning] = Field(default_factory=list)
    speed: list[Speed] = Field(default_factory=list)
