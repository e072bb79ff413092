"""Floor 4: generators, aligners and the contract they keep."""

from typing import TYPE_CHECKING

from ..core import lazy_exports

if TYPE_CHECKING:
    from ._battery import Check as Check
    from ._best_of_n import BestOfN as BestOfN
    from ._best_of_n import BestOfNDiffusion as BestOfNDiffusion
    from ._check import check_generator as check_generator
    from ._concept import Concept as Concept
    from ._concept import requests_like as requests_like
    from ._contracts import Aligner as Aligner
    from ._contracts import Budget as Budget
    from ._contracts import Conditions as Conditions
    from ._contracts import Generator as Generator
    from ._contracts import GeneratorCard as GeneratorCard
    from ._contracts import Reward as Reward
    from ._diffusion import Diffusion as Diffusion
    from ._draft import Draft as Draft
    from ._folder import Folder as Folder
    from ._folder import read_generator_card as read_generator_card
    from ._from_images import FromImages as FromImages
    from ._from_images import RealHoldout as RealHoldout
    from ._from_images import matching_columns as matching_columns
    from ._guidance import GuidedDiffusion as GuidedDiffusion
    from ._guidance import RewardGuidance as RewardGuidance
    from ._judges_fit import check_evaluator as check_evaluator
    from ._judges_fit import check_judge as check_judge
    from ._kto import Kto as Kto
    from ._load import load_aligned as load_aligned
    from ._nft import Nft as Nft
    from ._path_kl import best_of_n_kl as best_of_n_kl
    from ._path_kl import path_kl as path_kl
    from ._real_only import RealOnly as RealOnly
    from ._reference import Blur as Blur
    from ._reference import Classical as Classical
    from ._reference import Copy as Copy
    from ._reference import Noise as Noise
    from ._reward_weighted import RewardWeighted as RewardWeighted
    from ._rewarded import REWARDED as REWARDED
    from ._rewarded import Rewarded as Rewarded
    from ._sampling import as_image_set as as_image_set
    from ._sampling import conditions_like as conditions_like
    from ._sampling import sample_images as sample_images
    from ._sampling import sample_shard as sample_shard
    from ._sampling import shards as shards
    from ._signals import Inverted as Inverted
    from ._signals import Shuffled as Shuffled
    from ._signals import trains as trains
    from ._stop_early import STOP_IMAGES as STOP_IMAGES
    from ._stop_early import Stopped as Stopped
    from ._stop_early import mean_probability as mean_probability
    from ._stop_early import peak as peak
    from ._stop_early import stop_early as stop_early
    from ._trail import Snapshot as Snapshot
    from ._trail import load_trail as load_trail
    from ._trail import save_trail as save_trail
    from ._unet import PRESETS as PRESETS

_ROOMS = {
    "Aligner": "._contracts",
    "BestOfN": "._best_of_n",
    "BestOfNDiffusion": "._best_of_n",
    "Blur": "._reference",
    "Budget": "._contracts",
    "Check": "._battery",
    "Classical": "._reference",
    "Concept": "._concept",
    "Conditions": "._contracts",
    "Copy": "._reference",
    "Diffusion": "._diffusion",
    "Draft": "._draft",
    "Folder": "._folder",
    "FromImages": "._from_images",
    "Generator": "._contracts",
    "GeneratorCard": "._contracts",
    "GuidedDiffusion": "._guidance",
    "Inverted": "._signals",
    "Kto": "._kto",
    "Nft": "._nft",
    "Noise": "._reference",
    "PRESETS": "._unet",
    "REWARDED": "._rewarded",
    "RealHoldout": "._from_images",
    "RealOnly": "._real_only",
    "Reward": "._contracts",
    "RewardGuidance": "._guidance",
    "RewardWeighted": "._reward_weighted",
    "Rewarded": "._rewarded",
    "STOP_IMAGES": "._stop_early",
    "Shuffled": "._signals",
    "Snapshot": "._trail",
    "Stopped": "._stop_early",
    "as_image_set": "._sampling",
    "best_of_n_kl": "._path_kl",
    "check_evaluator": "._judges_fit",
    "check_generator": "._check",
    "check_judge": "._judges_fit",
    "conditions_like": "._sampling",
    "load_aligned": "._load",
    "load_trail": "._trail",
    "matching_columns": "._from_images",
    "mean_probability": "._stop_early",
    "path_kl": "._path_kl",
    "peak": "._stop_early",
    "read_generator_card": "._folder",
    "requests_like": "._concept",
    "sample_images": "._sampling",
    "sample_shard": "._sampling",
    "save_trail": "._trail",
    "shards": "._sampling",
    "stop_early": "._stop_early",
    "trains": "._signals",
}
__all__ = sorted(_ROOMS)
__getattr__, __dir__ = lazy_exports(__name__, _ROOMS)
