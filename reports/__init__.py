"""Floor 6: the run report, the leaderboard page, the tables of the terminal and the README."""

from typing import TYPE_CHECKING

from ..core import lazy_exports

if TYPE_CHECKING:
    from ._evaluation_table import evaluation_csv as evaluation_csv
    from ._evaluation_table import evaluation_markdown as evaluation_markdown
    from ._evaluation_table import evaluation_table as evaluation_table
    from ._explanation import build_explanation as build_explanation
    from ._explanation import explanation_tables as explanation_tables
    from ._figure_overview import build_overview as build_overview
    from ._leaderboard import build_leaderboard as build_leaderboard
    from ._plan_table import plan_table as plan_table
    from ._ratings_console import agreement_text as agreement_text
    from ._ratings_page import build_ratings_report as build_ratings_report
    from ._report import build_report as build_report
    from ._results_alignment import alignment_markdown as alignment_markdown
    from ._results_alignment import write_alignment_figures as write_alignment_figures
    from ._results_augmentation import augmentation_markdown as augmentation_markdown
    from ._results_augmentation import write_augmentation_figures as write_augmentation_figures
    from ._self_check_page import build_self_check_page as build_self_check_page
    from ._self_check_tables import self_check_lines as self_check_lines
    from ._self_check_tables import self_check_markdown as self_check_markdown
    from ._self_check_tables import self_check_tables as self_check_tables
    from ._tables import leaderboard_markdown as leaderboard_markdown
    from ._tables import leaderboard_table as leaderboard_table

__all__ = [
    "agreement_text",
    "alignment_markdown",
    "augmentation_markdown",
    "build_explanation",
    "build_leaderboard",
    "build_overview",
    "build_ratings_report",
    "build_report",
    "build_self_check_page",
    "evaluation_csv",
    "evaluation_markdown",
    "evaluation_table",
    "explanation_tables",
    "leaderboard_markdown",
    "leaderboard_table",
    "plan_table",
    "self_check_lines",
    "self_check_markdown",
    "self_check_tables",
    "write_alignment_figures",
    "write_augmentation_figures",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "build_leaderboard": "._leaderboard",
        "build_overview": "._figure_overview",
        "agreement_text": "._ratings_console",
        "alignment_markdown": "._results_alignment",
        "write_alignment_figures": "._results_alignment",
        "augmentation_markdown": "._results_augmentation",
        "write_augmentation_figures": "._results_augmentation",
        "build_ratings_report": "._ratings_page",
        "build_report": "._report",
        "build_self_check_page": "._self_check_page",
        "build_explanation": "._explanation",
        "evaluation_csv": "._evaluation_table",
        "evaluation_markdown": "._evaluation_table",
        "evaluation_table": "._evaluation_table",
        "explanation_tables": "._explanation",
        "leaderboard_markdown": "._tables",
        "leaderboard_table": "._tables",
        "plan_table": "._plan_table",
        "self_check_lines": "._self_check_tables",
        "self_check_markdown": "._self_check_tables",
        "self_check_tables": "._self_check_tables",
    },
)
