"""Floor 2: timm classifiers, the arms of an augmentation experiment, calibration and measures by stratum."""

from typing import TYPE_CHECKING

from ..core import lazy_exports

if TYPE_CHECKING:
    from ._arms import ARMS as ARMS
    from ._arms import TrainingSet as TrainingSet
    from ._arms import subset_per_class as subset_per_class
    from ._arms import training_set as training_set
    from ._augment import AUGMENTATIONS as AUGMENTATIONS
    from ._augment import augment as augment
    from ._backbone import best_device as best_device
    from ._backbone import load_backbone as load_backbone
    from ._backbone import weights_key as weights_key
    from ._fitted import FittedClassifier as FittedClassifier
    from ._linear import logistic_regression as logistic_regression
    from ._measures import Measure as Measure
    from ._measures import measures as measures
    from ._measures import replicate_measures as replicate_measures
    from ._memory import FeatureMemory as FeatureMemory
    from ._network import FEATURE_BATCH as FEATURE_BATCH
    from ._network import Classifier as Classifier
    from ._network import feature_width as feature_width
    from ._network import features_of as features_of
    from ._network import stream_features as stream_features
    from ._preprocess import Preprocessing as Preprocessing
    from ._preprocess import to_unit as to_unit
    from ._temperature import fit_temperature as fit_temperature
    from ._timm import TimmClassifier as TimmClassifier
    from ._train import Settings as Settings
    from ._train import train as train
    from ._weighted import expected_calibration_error as expected_calibration_error
    from ._weighted import reached_plateau as reached_plateau

_ROOMS = {
    "ARMS": "._arms",
    "AUGMENTATIONS": "._augment",
    "Classifier": "._network",
    "FEATURE_BATCH": "._network",
    "FeatureMemory": "._memory",
    "FittedClassifier": "._fitted",
    "Measure": "._measures",
    "Preprocessing": "._preprocess",
    "Settings": "._train",
    "TimmClassifier": "._timm",
    "TrainingSet": "._arms",
    "augment": "._augment",
    "best_device": "._backbone",
    "expected_calibration_error": "._weighted",
    "feature_width": "._network",
    "features_of": "._network",
    "fit_temperature": "._temperature",
    "load_backbone": "._backbone",
    "logistic_regression": "._linear",
    "measures": "._measures",
    "reached_plateau": "._weighted",
    "replicate_measures": "._measures",
    "stream_features": "._network",
    "subset_per_class": "._arms",
    "to_unit": "._preprocess",
    "train": "._train",
    "training_set": "._arms",
    "weights_key": "._backbone",
}
__all__ = sorted(_ROOMS)
__getattr__, __dir__ = lazy_exports(__name__, _ROOMS)
