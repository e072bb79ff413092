"""Floor 5: recipes, stages, the engine, evaluation, the audit, ranking and records."""

from typing import TYPE_CHECKING

from ..core import lazy_exports

if TYPE_CHECKING:
    from ._align_base import align_base as align_base
    from ._audit import audit as audit
    from ._audit import fallen_from as fallen_from
    from ._augmentation import analyse as analyse
    from ._claims import decide as decide
    from ._contrasts import contrasts as contrasts
    from ._evaluate import evaluate as evaluate
    from ._evaluate import merge as merge
    from ._evaluate_cache import default_cache as default_cache
    from ._evaluate_ruler import in_plain_words as in_plain_words
    from ._explain import Explained as Explained
    from ._explain import Explanation as Explanation
    from ._explain import ShownImage as ShownImage
    from ._explain import explain as explain
    from ._gallery import arrange as arrange
    from ._learning_curve import fit_learning_curve as fit_learning_curve
    from ._levelling import levelling as levelling
    from ._plan import Detectable as Detectable
    from ._plan import plan_numbers as plan_numbers
    from ._plan import plan_recipe as plan_recipe
    from ._ranking import rank as rank
    from ._real_equivalence import real_image_equivalence as real_image_equivalence
    from ._recipe import Recipe as Recipe
    from ._recipe import builtin_recipes as builtin_recipes
    from ._recipe import read_recipe as read_recipe
    from ._recipe import short_name as short_name
    from ._record import SCHEMA_VERSION as SCHEMA_VERSION
    from ._record import AgreementRow as AgreementRow
    from ._record import Audit as Audit
    from ._record import CellRow as CellRow
    from ._record import Claim as Claim
    from ._record import Comparison as Comparison
    from ._record import ConceptRow as ConceptRow
    from ._record import ConceptVerdict as ConceptVerdict
    from ._record import CopiedPatient as CopiedPatient
    from ._record import CopyPair as CopyPair
    from ._record import CopyPower as CopyPower
    from ._record import Data as Data
    from ._record import FailedCell as FailedCell
    from ._record import GeneratorEntry as GeneratorEntry
    from ._record import Memorisation as Memorisation
    from ._record import PowerRow as PowerRow
    from ._record import Price as Price
    from ._record import Ranking as Ranking
    from ._record import RankRow as RankRow
    from ._record import Record as Record
    from ._record import RulerReading as RulerReading
    from ._record import ScoreRow as ScoreRow
    from ._record import TrajectoryPoint as TrajectoryPoint
    from ._record import Unfinished as Unfinished
    from ._record import gallery_name as gallery_name
    from ._record import read_record as read_record
    from ._record import write_record as write_record
    from ._record_augmentation import Augmentation as Augmentation
    from ._record_augmentation import Contrast as Contrast
    from ._record_augmentation import CurvePoint as CurvePoint
    from ._record_augmentation import Equivalence as Equivalence
    from ._record_augmentation import Leakage as Leakage
    from ._record_augmentation import LearningCurve as LearningCurve
    from ._record_augmentation import Levelling as Levelling
    from ._record_augmentation import PlausibilityGain as PlausibilityGain
    from ._record_augmentation import Saturation as Saturation
    from ._record_augmentation import SaturationModel as SaturationModel
    from ._record_augmentation import Sharing as Sharing
    from ._record_augmentation import Speed as Speed
    from ._record_augmentation import Tuning as Tuning
    from ._record_augmentation import VarianceShare as VarianceShare
    from ._record_text import record_file as record_file
    from ._ruler import as_blur as as_blur
    from ._ruler_curves import CurveReading as CurveReading
    from ._ruler_curves import curve_readings as curve_readings
    from ._ruler_curves import read_curves as read_curves
    from ._run import plan_run as plan_run
    from ._run import run_recipe as run_recipe
    from ._saturation import fit_saturation as fit_saturation
    from ._self_check import self_check as self_check
    from ._self_check_record import CheckCurve as CheckCurve
    from ._self_check_record import CheckFault as CheckFault
    from ._self_check_record import CheckPoint as CheckPoint
    from ._self_check_record import SelfCheck as SelfCheck
    from ._self_check_record import read_self_check as read_self_check
    from ._self_check_record import write_self_check as write_self_check
    from ._single import generate_images as generate_images
    from ._single_reward import choose_images as choose_images
    from ._single_reward import draw_reward_curve as draw_reward_curve
    from ._single_reward import fit_reward as fit_reward
    from ._variance import explain_variance as explain_variance

_ROOMS = {
    "AgreementRow": "._record",
    "Augmentation": "._record_augmentation",
    "Contrast": "._record_augmentation",
    "CurvePoint": "._record_augmentation",
    "Equivalence": "._record_augmentation",
    "Leakage": "._record_augmentation",
    "LearningCurve": "._record_augmentation",
    "Levelling": "._record_augmentation",
    "PlausibilityGain": "._record_augmentation",
    "Saturation": "._record_augmentation",
    "SaturationModel": "._record_augmentation",
    "Sharing": "._record_augmentation",
    "Speed": "._record_augmentation",
    "Tuning": "._record_augmentation",
    "VarianceShare": "._record_augmentation",
    "Audit": "._record",
    "CellRow": "._record",
    "CheckCurve": "._self_check_record",
    "CheckFault": "._self_check_record",
    "CheckPoint": "._self_check_record",
    "Claim": "._record",
    "ConceptRow": "._record",
    "ConceptVerdict": "._record",
    "CopiedPatient": "._record",
    "CopyPair": "._record",
    "CopyPower": "._record",
    "PowerRow": "._record",
    "Price": "._record",
    "Comparison": "._record",
    "CurveReading": "._ruler_curves",
    "Data": "._record",
    "Detectable": "._plan",
    "FailedCell": "._record",
    "GeneratorEntry": "._record",
    "Memorisation": "._record",
    "RankRow": "._record",
    "Ranking": "._record",
    "Recipe": "._recipe",
    "Record": "._record",
    "RulerReading": "._record",
    "SCHEMA_VERSION": "._record",
    "ScoreRow": "._record",
    "TrajectoryPoint": "._record",
    "Unfinished": "._record",
    "SelfCheck": "._self_check_record",
    "align_base": "._align_base",
    "analyse": "._augmentation",
    "arrange": "._gallery",
    "as_blur": "._ruler",
    "audit": "._audit",
    "fallen_from": "._audit",
    "builtin_recipes": "._recipe",
    "curve_readings": "._ruler_curves",
    "contrasts": "._contrasts",
    "decide": "._claims",
    "default_cache": "._evaluate_cache",
    "evaluate": "._evaluate",
    "Explained": "._explain",
    "Explanation": "._explain",
    "ShownImage": "._explain",
    "explain": "._explain",
    "explain_variance": "._variance",
    "fit_learning_curve": "._learning_curve",
    "choose_images": "._single_reward",
    "draw_reward_curve": "._single_reward",
    "fit_reward": "._single_reward",
    "fit_saturation": "._saturation",
    "gallery_name": "._record",
    "in_plain_words": "._evaluate_ruler",
    "levelling": "._levelling",
    "generate_images": "._single",
    "merge": "._evaluate",
    "plan_numbers": "._plan",
    "plan_recipe": "._plan",
    "plan_run": "._run",
    "rank": "._ranking",
    "read_curves": "._ruler_curves",
    "read_recipe": "._recipe",
    "read_record": "._record",
    "record_file": "._record_text",
    "read_self_check": "._self_check_record",
    "real_image_equivalence": "._real_equivalence",
    "run_recipe": "._run",
    "self_check": "._self_check",
    "short_name": "._recipe",
    "write_record": "._record",
    "write_self_check": "._self_check_record",
}
__all__ = sorted(_ROOMS)
__getattr__, __dir__ = lazy_exports(__name__, _ROOMS)
