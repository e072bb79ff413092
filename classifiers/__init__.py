"""Floor 2: timm classifiers, the arms of an augmentation experiment, calibration and measures by stratum."""

from typing import TYPE_CHECKING

from ..core import lazy_exports

if TYPE_CHECKING:
    from ._arm_rows import ARMS as ARMS
    from ._arm_rows import WITH_SYNTHETIC as WITH_SYNTHETIC
    from ._arm_rows import ArmRows as ArmRows
    from ._arm_rows import arm_rows as arm_rows
    from ._arms import TrainingSet as TrainingSet
    from ._arms import subset_per_class as subset_per_class
    from ._arms import training_set as training_set
    from ._augment import AUGMENTATIONS as AUGMENTATIONS
    from ._augment import augment as augment
    from ._backbone import best_device as best_device
    from ._backbone import load_backbone as load_backbone
    from ._backbone import weights_key as weights_key
    from ._fitted import FittedClassifier as FittedClassifier
    from ._head import FittedHead as FittedHead
    from ._linear import logistic_regression as logistic_regression
    from ._measure_rows import HIGHER_IS_BETTER as HIGHER_IS_BETTER
    from ._measures import Measure as Measure
    from ._measures import better_sign as better_sign
    from ._measures import draw_name as draw_name
    from ._measures import measures as measures
    from ._measures import measures_and_draws as measures_and_draws
    from ._measures import replicate_measures as replicate_measures
    from ._memory import FeatureMemory as FeatureMemory
    from ._network import FEATURE_BATCH as FEATURE_BATCH
    from ._network import Classifier as Classifier
    from ._network import feature_width as feature_width
    from ._network import features_of as features_of
    from ._network import stream_features as stream_features
    from ._plateau import still_falling as still_falling
    from ._plateau import uniform_loss as uniform_loss
    from ._preprocess import Preprocessing as Preprocessing
    from ._preprocess import to_unit as to_unit
    from ._speed import measure_speed as measure_speed
    from ._temperature import fit_temperature as fit_temperature
    from ._timm import TimmClassifier as TimmClassifier
    from ._train import Settings as Settings
    from ._train import train as train
    from ._tune import Tuned as Tuned
    from ._tune import tune as tune
    from ._weighted import expected_calibration_error as expected_calibration_error
    from ._weighted import reached_plateau as reached_plateau

_ROOMS = {
    "ARMS": "._arm_rows",
    "AUGMENTATIONS": "._augment",
    "ArmRows": "._arm_rows",
    "Classifier": "._network",
    "FEATURE_BATCH": "._network",
    "FeatureMemory": "._memory",
    "FittedClassifier": "._fitted",
    "HIGHER_IS_BETTER": "._measure_rows",
    "FittedHead": "._head",
    "Measure": "._measures",
    "Preprocessing": "._preprocess",
    "Settings": "._train",
    "TimmClassifier": "._timm",
    "TrainingSet": "._arms",
    "WITH_SYNTHETIC": "._arm_rows",
    "arm_rows": "._arm_rows",
    "Tuned": "._tune",
    "augment": "._augment",
    "best_device": "._backbone",
    "better_sign": "._measures",
    "draw_name": "._measures",
    "expected_calibration_error": "._weighted",
    "feature_width": "._network",
    "features_of": "._network",
    "fit_temperature": "._temperature",
    "load_backbone": "._backbone",
    "logistic_regression": "._linear",
    "measures": "._measures",
    "measures_and_draws": "._measures",
    "measure_speed": "._speed",
    "reached_plateau": "._weighted",
    "replicate_measures": "._measures",
    "still_falling": "._plateau",
    "stream_features": "._network",
    "subset_per_class": "._arms",
    "to_unit": "._preprocess",
    "train": "._train",
    "training_set": "._arms",
    "tune": "._tune",
    "uniform_loss": "._plateau",
    "weights_key": "._backbone",
}
__all__ = sorted(_ROOMS)
__getattr__, __dir__ = lazy_exports(__name__, _ROOMS)
