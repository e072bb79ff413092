"""Floor 3: features and what is measured on them: fidelity, diversity, memorisation, plausibility.

Arrays of features in, numbers out; every number with an interval, overall and by stratum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core import lazy_exports

if TYPE_CHECKING:
    from ._authenticity import auth_pct as auth_pct
    from ._authenticity import authenticity as authenticity
    from ._authenticity import authenticity_interval as authenticity_interval
    from ._builtin import ArrayMetric as ArrayMetric
    from ._cards import MetricCard as MetricCard
    from ._cards import metric_card as metric_card
    from ._cards import metric_cards as metric_cards
    from ._extractor import Extractor as Extractor
    from ._extractor import extract as extract
    from ._extractor_domain import DomainExtractor as DomainExtractor
    from ._extractor_inception import InceptionExtractor as InceptionExtractor
    from ._extractor_texture import TextureExtractor as TextureExtractor
    from ._extractor_timm import TimmExtractor as TimmExtractor
    from ._frechet import frechet_distance as frechet_distance
    from ._frechet import frechet_interval as frechet_interval
    from ._kernel import cmmd as cmmd
    from ._kernel import cmmd_interval as cmmd_interval
    from ._kernel import kernel_distance as kernel_distance
    from ._kernel import kernel_interval as kernel_interval
    from ._memorisation import MemorisationVerdict as MemorisationVerdict
    from ._memorisation import memorisation as memorisation
    from ._neighbours import Neighbours as Neighbours
    from ._neighbours import nearest as nearest
    from ._neighbours import nearest_others as nearest_others
    from ._panel import PANEL as PANEL
    from ._panel import Metric as Metric
    from ._panel import score_panel as score_panel
    from ._prdc import PRDC as PRDC
    from ._prdc import prdc as prdc
    from ._prdc_interval import PRDCIntervals as PRDCIntervals
    from ._prdc_interval import prdc_interval as prdc_interval
    from ._reward import RewardModel as RewardModel
    from ._score import Score as Score
    from ._score import not_enough as not_enough
    from ._strata_scores import by_stratum as by_stratum
    from ._vendi import vendi_interval as vendi_interval
    from ._vendi import vendi_score as vendi_score

_ROOMS = {
    "TextureExtractor": "._extractor_texture",
    "RewardModel": "._reward",
    "InceptionExtractor": "._extractor_inception",
    "TimmExtractor": "._extractor_timm",
    "DomainExtractor": "._extractor_domain",
    "extract": "._extractor",
    "Extractor": "._extractor",
    "PANEL": "._panel",
    "PRDC": "._prdc",
    "ArrayMetric": "._builtin",
    "MemorisationVerdict": "._memorisation",
    "Metric": "._panel",
    "MetricCard": "._cards",
    "Neighbours": "._neighbours",
    "PRDCIntervals": "._prdc_interval",
    "Score": "._score",
    "auth_pct": "._authenticity",
    "authenticity": "._authenticity",
    "authenticity_interval": "._authenticity",
    "by_stratum": "._strata_scores",
    "cmmd": "._kernel",
    "cmmd_interval": "._kernel",
    "frechet_distance": "._frechet",
    "frechet_interval": "._frechet",
    "kernel_distance": "._kernel",
    "kernel_interval": "._kernel",
    "memorisation": "._memorisation",
    "metric_card": "._cards",
    "metric_cards": "._cards",
    "nearest": "._neighbours",
    "nearest_others": "._neighbours",
    "not_enough": "._score",
    "prdc": "._prdc",
    "prdc_interval": "._prdc_interval",
    "score_panel": "._panel",
    "vendi_interval": "._vendi",
    "vendi_score": "._vendi",
}

__getattr__, __dir__ = lazy_exports(__name__, _ROOMS)

__all__ = sorted(_ROOMS)
