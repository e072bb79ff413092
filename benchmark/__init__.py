"""Floor 5: recipes, stages, the engine, evaluation, the audit, ranking and records."""

from typing import TYPE_CHECKING

from ..core import lazy_exports

if TYPE_CHECKING:
    from ._audit import audit as audit
    from ._claims import decide as decide
    from ._evaluate import evaluate as evaluate
    from ._gallery import arrange as arrange
    from ._ranking import rank as rank
    from ._recipe import Recipe as Recipe
    from ._recipe import builtin_recipes as builtin_recipes
    from ._recipe import read_recipe as read_recipe
    from ._recipe import short_name as short_name
    from ._record import SCHEMA_VERSION as SCHEMA_VERSION
    from ._record import Audit as Audit
    from ._record import CellRow as CellRow
    from ._record import Claim as Claim
    from ._record import Data as Data
    from ._record import FailedCell as FailedCell
    from ._record import GeneratorEntry as GeneratorEntry
    from ._record import Memorisation as Memorisation
    from ._record import Ranking as Ranking
    from ._record import RankRow as RankRow
    from ._record import Record as Record
    from ._record import RulerReading as RulerReading
    from ._record import ScoreRow as ScoreRow
    from ._record import gallery_name as gallery_name
    from ._record import read_record as read_record
    from ._record import write_record as write_record
    from ._ruler import as_blur as as_blur
    from ._run import plan_run as plan_run
    from ._run import run_recipe as run_recipe
    from ._single import align_base as align_base
    from ._single import fit_reward as fit_reward
    from ._single import generate_images as generate_images

_ROOMS = {
    "Audit": "._record",
    "CellRow": "._record",
    "Claim": "._record",
    "Data": "._record",
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
    "align_base": "._single",
    "arrange": "._gallery",
    "as_blur": "._ruler",
    "audit": "._audit",
    "builtin_recipes": "._recipe",
    "decide": "._claims",
    "evaluate": "._evaluate",
    "fit_reward": "._single",
    "gallery_name": "._record",
    "generate_images": "._single",
    "plan_run": "._run",
    "rank": "._ranking",
    "read_recipe": "._recipe",
    "read_record": "._record",
    "run_recipe": "._run",
    "short_name": "._recipe",
    "write_record": "._record",
}
__all__ = sorted(_ROOMS)
__getattr__, __dir__ = lazy_exports(__name__, _ROOMS)
