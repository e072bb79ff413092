"""How the record's identifiers are said in words."""

from __future__ import annotations

import re
from collections.abc import Iterable

JUDGES = ("R", "E", "H")

_METRICS = {
    "frechet_distance": "Fréchet distance",
    "fd": "Fréchet distance",
    "fid": "FID",
    "frechet_distance_floor": "Fréchet, real to real",
    "kernel_distance": "Kernel distance",
    "kid": "Kernel distance",
    "vendi_score": "Vendi score",
    "vendi": "Vendi score",
    "cmmd": "CMMD",
    "vendi_score_q0.5": "Vendi score, q = 0.5",
    "vendi_score_q2": "Vendi score, q = 2",
    "vendi_score_qinf": "Vendi score, q = inf",
    "alpha_precision": "alpha-precision",
    "beta_recall": "beta-recall",
    "frechet_distance_infinity": "Fréchet distance, N to infinity",
    "sliced_wasserstein": "sliced Wasserstein distance",
    "inception_score": "Inception score",
    "intra_class_distance": "distance inside, to real",
    "data_copying_score": "data copying (C_T)",
    "closest_record_ratio": "nearer to training images",
    "label_agreement": "agreement with label",
    "tone_agreement": "agreement with skin tone",
    "copy_share": "share of near-copies",
    "plausible_share": "share judged plausible",
    "macro_auroc": "macro AUROC",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "ece": "calibration error (ECE)",
    "top3": "top-3 accuracy",
    "brier": "Brier score",
    "ece_scaled": "ECE, temperature-scaled",
    "brier_scaled": "Brier score, temperature-scaled",
    "equalized_odds_difference": "equalized-odds difference",
}
_ORDER = (
    "frechet_distance", "frechet_distance_floor", "fd", "fid",
    "kernel_distance", "kid", "cmmd", "precision", "recall", "density", "coverage",
    "vendi_score", "vendi", "authenticity", "copy_share", "plausible_share",
    "macro_auroc", "balanced_accuracy", "macro_f1", "top3", "ece", "ece_scaled", "brier", "brier_scaled",
    "equalized_odds_difference",
)  # fmt: skip
_COLUMNS = {
    "skin_tone": "skin tone", "skin_tone_2": "skin tone (second labeller)", "label": "class",
    "patient_id": "patient", "lesion_id": "lesion",
}  # fmt: skip


def clean(text: object) -> str:
    """The text on one line, without the control characters that XML forbids."""
    flat = re.sub(r"\s+", " ", str(text))
    return "".join(c for c in flat if c.isprintable() or c == " ").strip()


def metric_name(metric: str) -> str:
    """The metric in words.

    >>> metric_name("frechet_distance"), metric_name("my_metric")
    ('Fréchet distance', 'my metric')
    """
    return _METRICS.get(metric, clean(metric).replace("_", " "))


def capital(text: str) -> str:
    """The text with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def metrics_in_order(metrics: Iterable[str]) -> list[str]:
    """The distinct metrics: the known ones in the order of the pages, then the others as they came."""
    distinct = list(dict.fromkeys(metrics))
    place = {name: i for i, name in enumerate(_ORDER)}
    return sorted(distinct, key=lambda metric: place.get(metric, len(place)))


def column_name(column: str) -> str:
    """A stratum column in words."""
    return _COLUMNS.get(column, clean(column).replace("_", " "))


def split_stratum(stratum: str) -> tuple[str, str]:
    """``column=value`` as its two parts; a stratum without a value has an empty one.

    >>> split_stratum("skin_tone=V-VI"), split_stratum("worst:skin_tone"), split_stratum("all")
    (('skin_tone', 'V-VI'), ('worst:skin_tone', ''), ('all', ''))
    """
    column, _, value = stratum.partition("=")
    return column, value


def stratum_name(stratum: str) -> str:
    """A stratum in words.

    >>> stratum_name("skin_tone=V-VI"), stratum_name("worst:skin_tone"), stratum_name("gap:skin_tone")
    ('skin tone V-VI', 'worst skin tone', 'gap by skin tone')
    """
    if stratum.startswith("worst:"):
        return f"worst {column_name(stratum.removeprefix('worst:'))}"
    if stratum.startswith("gap:"):
        return f"gap by {column_name(stratum.removeprefix('gap:'))}"
    column, value = split_stratum(stratum)
    return f"{column_name(column)} {clean(value)}" if value else column_name(column)


def plural(n: int, noun: str) -> str:
    """``1 seed``, ``3 seeds``."""
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def listed(words: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    items = list(words)
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def slug(text: str) -> str:
    """The text as an HTML anchor or a file name.

    >>> slug("blur:2 <b>")
    'blur-2-b'
    """
    return re.sub(r"[^\w.+]+", "-", text).strip("-.") or "x"
