"""Floor 3: criteria, ratings and their store, agreement between raters, simulated experts."""

from typing import TYPE_CHECKING

from ..core import lazy_exports

if TYPE_CHECKING:
    from ._agreement import agreement as agreement
    from ._agreement import agreement_lines as agreement_lines
    from ._agreement import cohen_kappa as cohen_kappa
    from ._agreement import share_plausible as share_plausible
    from ._criteria import CriteriaSet as CriteriaSet
    from ._criteria import Question as Question
    from ._criteria import list_criteria as list_criteria
    from ._criteria import load_criteria as load_criteria
    from ._exchange import export_ratings as export_ratings
    from ._exchange import import_ratings as import_ratings
    from ._exchange import read_ratings as read_ratings
    from ._exchange import write_ratings as write_ratings
    from ._oracle_expert import OracleExpert as OracleExpert
    from ._panel_expert import PanelExpert as PanelExpert
    from ._ratings import ANSWERS as ANSWERS
    from ._ratings import RATING_COLUMNS as RATING_COLUMNS
    from ._ratings import check_ratings as check_ratings
    from ._ratings import latest as latest
    from ._ratings import make_ratings as make_ratings
    from ._simulated import SimulatedExpert as SimulatedExpert
    from ._store import RatingStore as RatingStore
    from ._verdicts import plausible_from as plausible_from
    from ._verdicts import verdicts as verdicts

_ROOMS = {
    "ANSWERS": "._ratings",
    "CriteriaSet": "._criteria",
    "OracleExpert": "._oracle_expert",
    "PanelExpert": "._panel_expert",
    "Question": "._criteria",
    "RATING_COLUMNS": "._ratings",
    "RatingStore": "._store",
    "SimulatedExpert": "._simulated",
    "agreement": "._agreement",
    "agreement_lines": "._agreement",
    "check_ratings": "._ratings",
    "cohen_kappa": "._agreement",
    "export_ratings": "._exchange",
    "import_ratings": "._exchange",
    "latest": "._ratings",
    "list_criteria": "._criteria",
    "load_criteria": "._criteria",
    "make_ratings": "._ratings",
    "plausible_from": "._verdicts",
    "read_ratings": "._exchange",
    "share_plausible": "._agreement",
    "verdicts": "._verdicts",
    "write_ratings": "._exchange",
}
__all__ = sorted(_ROOMS)
__getattr__, __dir__ = lazy_exports(__name__, _ROOMS)
