"""Floor 3: features and what is measured on them: fidelity, diversity, memorisation, plausibility.

Arrays of features in, numbers out; every number with an interval, overall and by stratum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core import lazy_exports

if TYPE_CHECKING:
    from ._agreement import Agreement as Agreement
    from ._agreement import extractor_agreement as extractor_agreement
    from ._alpha_beta import AlphaBeta as AlphaBeta
    from ._alpha_beta import AlphaBetaIntervals as AlphaBetaIntervals
    from ._alpha_beta import alpha_beta_from as alpha_beta_from
    from ._alpha_beta import alpha_beta_halves as alpha_beta_halves
    from ._alpha_beta import alpha_beta_interval as alpha_beta_interval
    from ._alpha_beta import alpha_precision_beta_recall as alpha_precision_beta_recall
    from ._authenticity import auth_pct as auth_pct
    from ._authenticity import authenticity as authenticity
    from ._authenticity import authenticity_interval as authenticity_interval
    from ._balls import PRDC as PRDC
    from ._builtin import ArrayMetric as ArrayMetric
    from ._cards import MetricCard as MetricCard
    from ._cards import metric_card as metric_card
    from ._cards import metric_cards as metric_cards
    from ._closest_record import ClosestRecord as ClosestRecord
    from ._closest_record import closest_record_ratio as closest_record_ratio
    from ._data_copying import data_copying_interval as data_copying_interval
    from ._data_copying import data_copying_score as data_copying_score
    from ._differences import Comparison as Comparison
    from ._differences import Difference as Difference
    from ._differences import compare_generators as compare_generators
    from ._differences import difference as difference
    from ._differences import difference_of as difference_of
    from ._extractor import Extractor as Extractor
    from ._extractor import extract as extract
    from ._extractor_array import ArrayExtractor as ArrayExtractor
    from ._extractor_clip import ClipExtractor as ClipExtractor
    from ._extractor_dinov2 import Dinov2Extractor as Dinov2Extractor
    from ._extractor_domain import DomainExtractor as DomainExtractor
    from ._extractor_hf import HfExtractor as HfExtractor
    from ._extractor_inception import InceptionExtractor as InceptionExtractor
    from ._extractor_medical import PanDermExtractor as PanDermExtractor
    from ._extractor_medical import RadDinoExtractor as RadDinoExtractor
    from ._extractor_medical import RadImageNetExtractor as RadImageNetExtractor
    from ._extractor_texture import TextureExtractor as TextureExtractor
    from ._extractor_thumbnail import ThumbnailExtractor as ThumbnailExtractor
    from ._extractor_timm import TimmExtractor as TimmExtractor
    from ._extractor_torchscript import TorchscriptExtractor as TorchscriptExtractor
    from ._frechet import frechet_distance as frechet_distance
    from ._frechet import frechet_distance_from_moments as frechet_distance_from_moments
    from ._frechet import frechet_interval as frechet_interval
    from ._frechet_infinity import frechet_distance_infinity as frechet_distance_infinity
    from ._frechet_infinity import frechet_infinity_interval as frechet_infinity_interval
    from ._inception_score import inception_score as inception_score
    from ._inception_score import inception_score_interval as inception_score_interval
    from ._influence import Influence as Influence
    from ._influence import frechet_influence as frechet_influence
    from ._influence import kernel_influence as kernel_influence
    from ._intra_class import intra_class_distance as intra_class_distance
    from ._intra_class import intra_class_interval as intra_class_interval
    from ._intra_class import intra_class_ratio as intra_class_ratio
    from ._kernel import cmmd as cmmd
    from ._kernel import cmmd_interval as cmmd_interval
    from ._kernel import kernel_distance as kernel_distance
    from ._kernel import kernel_interval as kernel_interval
    from ._kernel_test import KernelTest as KernelTest
    from ._kernel_test import kernel_test as kernel_test
    from ._label_agreement import LabelAgreement as LabelAgreement
    from ._label_agreement import label_agreement as label_agreement
    from ._left_out import LeftOut as LeftOut
    from ._left_out import left_out as left_out
    from ._left_out import load_left_out as load_left_out
    from ._left_out import save_left_out as save_left_out
    from ._memorisation import FEWEST_HOLDOUT as FEWEST_HOLDOUT
    from ._memorisation import MemorisationVerdict as MemorisationVerdict
    from ._memorisation import Pair as Pair
    from ._memorisation import PatientsAtRisk as PatientsAtRisk
    from ._memorisation import memorisation as memorisation
    from ._memorisation import risk_words as risk_words
    from ._memorisation_power import CopyPower as CopyPower
    from ._memorisation_power import planted_copy_power as planted_copy_power
    from ._moments import Moments as Moments
    from ._neighbours import Neighbours as Neighbours
    from ._neighbours import nearest as nearest
    from ._neighbours import nearest_others as nearest_others
    from ._panel import PANEL as PANEL
    from ._panel import Metric as Metric
    from ._panel import score_panel as score_panel
    from ._prdc import prdc as prdc
    from ._prdc_interval import PRDCIntervals as PRDCIntervals
    from ._prdc_interval import prdc_interval as prdc_interval
    from ._reach import Reach as Reach
    from ._reach import coverage_reach as coverage_reach
    from ._reach import precision_reach as precision_reach
    from ._reach import recall_reach as recall_reach
    from ._reward import RewardModel as RewardModel
    from ._reward_choose import WAYS_TO_CHOOSE as WAYS_TO_CHOOSE
    from ._reward_choose import choose_to_rate as choose_to_rate
    from ._reward_curve import CURVE_SIZES as CURVE_SIZES
    from ._reward_curve import RatedSet as RatedSet
    from ._reward_curve import reward_curve as reward_curve
    from ._reward_lines import reward_card_lines as reward_card_lines
    from ._score import Score as Score
    from ._score import not_enough as not_enough
    from ._share_difference import share_difference as share_difference
    from ._sliced import sliced_wasserstein as sliced_wasserstein
    from ._sliced import sliced_wasserstein_interval as sliced_wasserstein_interval
    from ._strata_scores import BY_STRATUM as BY_STRATUM
    from ._strata_scores import by_stratum as by_stratum
    from ._streaming_frechet import FrechetDistance as FrechetDistance
    from ._streaming_pairs import CMMD as CMMD
    from ._streaming_pairs import Authenticity as Authenticity
    from ._streaming_pairs import KernelDistance as KernelDistance
    from ._streaming_pairs import PrecisionRecallDensityCoverage as PrecisionRecallDensityCoverage
    from ._streaming_pairs import VendiScore as VendiScore
    from ._tone_agreement import tone_agreement as tone_agreement
    from ._vendi import vendi_interval as vendi_interval
    from ._vendi import vendi_score as vendi_score

_ROOMS = {
    "Agreement": "._agreement",
    "extractor_agreement": "._agreement",
    "TorchscriptExtractor": "._extractor_torchscript",
    "RadImageNetExtractor": "._extractor_medical",
    "RadDinoExtractor": "._extractor_medical",
    "PanDermExtractor": "._extractor_medical",
    "HfExtractor": "._extractor_hf",
    "Dinov2Extractor": "._extractor_dinov2",
    "ClipExtractor": "._extractor_clip",
    "ArrayExtractor": "._extractor_array",
    "TextureExtractor": "._extractor_texture",
    "ThumbnailExtractor": "._extractor_thumbnail",
    "RewardModel": "._reward",
    "WAYS_TO_CHOOSE": "._reward_choose",
    "choose_to_rate": "._reward_choose",
    "CURVE_SIZES": "._reward_curve",
    "RatedSet": "._reward_curve",
    "reward_curve": "._reward_curve",
    "reward_card_lines": "._reward_lines",
    "InceptionExtractor": "._extractor_inception",
    "TimmExtractor": "._extractor_timm",
    "DomainExtractor": "._extractor_domain",
    "extract": "._extractor",
    "Extractor": "._extractor",
    "PANEL": "._panel",
    "PRDC": "._balls",
    "ArrayMetric": "._builtin",
    "Authenticity": "._streaming_pairs",
    "CMMD": "._streaming_pairs",
    "Comparison": "._differences",
    "Difference": "._differences",
    "FrechetDistance": "._streaming_frechet",
    "KernelDistance": "._streaming_pairs",
    "KernelTest": "._kernel_test",
    "PrecisionRecallDensityCoverage": "._streaming_pairs",
    "VendiScore": "._streaming_pairs",
    "LeftOut": "._left_out",
    "MemorisationVerdict": "._memorisation",
    "Moments": "._moments",
    "Metric": "._panel",
    "MetricCard": "._cards",
    "Neighbours": "._neighbours",
    "PRDCIntervals": "._prdc_interval",
    "Score": "._score",
    "AlphaBeta": "._alpha_beta",
    "AlphaBetaIntervals": "._alpha_beta",
    "alpha_beta_from": "._alpha_beta",
    "alpha_beta_halves": "._alpha_beta",
    "alpha_beta_interval": "._alpha_beta",
    "alpha_precision_beta_recall": "._alpha_beta",
    "ClosestRecord": "._closest_record",
    "closest_record_ratio": "._closest_record",
    "data_copying_interval": "._data_copying",
    "data_copying_score": "._data_copying",
    "frechet_distance_infinity": "._frechet_infinity",
    "frechet_infinity_interval": "._frechet_infinity",
    "inception_score": "._inception_score",
    "inception_score_interval": "._inception_score",
    "intra_class_distance": "._intra_class",
    "intra_class_interval": "._intra_class",
    "intra_class_ratio": "._intra_class",
    "LabelAgreement": "._label_agreement",
    "label_agreement": "._label_agreement",
    "sliced_wasserstein": "._sliced",
    "sliced_wasserstein_interval": "._sliced",
    "tone_agreement": "._tone_agreement",
    "auth_pct": "._authenticity",
    "authenticity": "._authenticity",
    "authenticity_interval": "._authenticity",
    "BY_STRATUM": "._strata_scores",
    "by_stratum": "._strata_scores",
    "cmmd": "._kernel",
    "cmmd_interval": "._kernel",
    "compare_generators": "._differences",
    "difference": "._differences",
    "difference_of": "._differences",
    "frechet_distance": "._frechet",
    "frechet_distance_from_moments": "._frechet",
    "frechet_interval": "._frechet",
    "Influence": "._influence",
    "Reach": "._reach",
    "coverage_reach": "._reach",
    "frechet_influence": "._influence",
    "kernel_distance": "._kernel",
    "kernel_influence": "._influence",
    "precision_reach": "._reach",
    "recall_reach": "._reach",
    "kernel_interval": "._kernel",
    "kernel_test": "._kernel_test",
    "left_out": "._left_out",
    "load_left_out": "._left_out",
    "FEWEST_HOLDOUT": "._memorisation",
    "memorisation": "._memorisation",
    "CopyPower": "._memorisation_power",
    "planted_copy_power": "._memorisation_power",
    "Pair": "._memorisation",
    "PatientsAtRisk": "._memorisation",
    "risk_words": "._memorisation",
    "metric_card": "._cards",
    "metric_cards": "._cards",
    "nearest": "._neighbours",
    "nearest_others": "._neighbours",
    "not_enough": "._score",
    "prdc": "._prdc",
    "prdc_interval": "._prdc_interval",
    "save_left_out": "._left_out",
    "share_difference": "._share_difference",
    "score_panel": "._panel",
    "vendi_interval": "._vendi",
    "vendi_score": "._vendi",
}

__getattr__, __dir__ = lazy_exports(__name__, _ROOMS)

__all__ = sorted(_ROOMS)
