"""Floor 6: the run report, the leaderboard page, the tables of the terminal and the README."""

from typing import TYPE_CHECKING

from ..core import lazy_exports

if TYPE_CHECKING:
    from ._figure_overview import build_overview as build_overview
    from ._leaderboard import build_leaderboard as build_leaderboard
    from ._report import build_report as build_report
    from ._tables import evaluation_table as evaluation_table
    from ._tables import leaderboard_markdown as leaderboard_markdown
    from ._tables import leaderboard_table as leaderboard_table

__all__ = [
    "build_leaderboard",
    "build_overview",
    "build_report",
    "evaluation_table",
    "leaderboard_markdown",
    "leaderboard_table",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "build_leaderboard": "._leaderboard",
        "build_overview": "._figure_overview",
        "build_report": "._report",
        "evaluation_table": "._tables",
        "leaderboard_markdown": "._tables",
        "leaderboard_table": "._tables",
    },
)
