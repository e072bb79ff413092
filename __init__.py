"""synmedbench: know whether synthetic medical images can be trusted and used.

The names a notebook needs; each is imported when it is first used::

    import synmedbench as smb
    real = smb.open_imageset("phantom-derm?n=600")
    record = smb.run_recipe(smb.read_recipe("quickstart"), Path("runs/quickstart"), progress=smb.silent())
"""

from typing import TYPE_CHECKING

from .core import lazy_exports

if TYPE_CHECKING:
    from .benchmark import Record as Record
    from .benchmark import evaluate as evaluate
    from .benchmark import read_recipe as read_recipe
    from .benchmark import read_record as read_record
    from .benchmark import run_recipe as run_recipe
    from .core import UserError as UserError
    from .core import console_progress as console_progress
    from .core import registry as registry
    from .core import silent as silent
    from .generators import Conditions as Conditions
    from .generators import GeneratorCard as GeneratorCard
    from .generators import check_generator as check_generator
    from .generators import conditions_like as conditions_like
    from .generators import sample_images as sample_images
    from .imagesets import ImageSet as ImageSet
    from .imagesets import open_imageset as open_imageset
    from .imagesets import split_by_group as split_by_group
    from .imagesets import validate_imageset as validate_imageset
    from .imagesets import write_folder as write_folder
    from .metrics import frechet_distance as frechet_distance
    from .metrics import kernel_distance as kernel_distance
    from .metrics import prdc as prdc
    from .reports import build_leaderboard as build_leaderboard
    from .reports import build_report as build_report

_ROOMS = {
    "Conditions": ".generators",
    "GeneratorCard": ".generators",
    "ImageSet": ".imagesets",
    "Record": ".benchmark",
    "UserError": ".core",
    "build_leaderboard": ".reports",
    "build_report": ".reports",
    "check_generator": ".generators",
    "conditions_like": ".generators",
    "console_progress": ".core",
    "evaluate": ".benchmark",
    "frechet_distance": ".metrics",
    "kernel_distance": ".metrics",
    "open_imageset": ".imagesets",
    "prdc": ".metrics",
    "read_recipe": ".benchmark",
    "read_record": ".benchmark",
    "registry": ".core",
    "run_recipe": ".benchmark",
    "sample_images": ".generators",
    "silent": ".core",
    "split_by_group": ".imagesets",
    "validate_imageset": ".imagesets",
    "write_folder": ".imagesets",
}
__all__ = sorted(_ROOMS)
__getattr__, __dir__ = lazy_exports(__name__, _ROOMS)
