"""Floor 3: criteria, ratings and their store, agreement between raters, simulated experts."""

from typing import TYPE_CHECKING

from ..core import lazy_exports

if TYPE_CHECKING:
    from ._agreement import agreement as agreement
    from ._agreement import agreement_by_criteria as agreement_by_criteria
    from ._agreement import agreement_summary as agreement_summary
    from ._agreement import share_plausible as share_plausible
    from ._agreement_answers import answer_table as answer_table
    from ._agreement_answers import chosen_study as chosen_study
    from ._agreement_answers import column_values as column_values
    from ._agreement_answers import columns_in as columns_in
    from ._agreement_answers import requested_names as requested_names
    from ._agreement_fleiss import fleiss_kappa as fleiss_kappa
    from ._agreement_fleiss import gwet_ac1 as gwet_ac1
    from ._agreement_fleiss import share_equal as share_equal
    from ._agreement_kappa import cohen_kappa as cohen_kappa
    from ._agreement_lines import agreement_lines as agreement_lines
    from ._agreement_lines import ceiling_line as ceiling_line
    from ._agreement_lines import pair_lines as pair_lines
    from ._agreement_lines import paradox as paradox
    from ._agreement_lines import several_words as several_words
    from ._agreement_lines import summary_lines as summary_lines
    from ._agreement_lines import verdict_lines as verdict_lines
    from ._agreement_lines import verdict_words as verdict_words
    from ._agreement_lines import with_kappa as with_kappa
    from ._attribute_card import measure_panel as measure_panel
    from ._attribute_card import panel_agreement as panel_agreement
    from ._attribute_card import wrong_requests as wrong_requests
    from ._attribute_noise import annotate as annotate
    from ._attribute_noise import error_rate as error_rate
    from ._attribute_noise import guess_share as guess_share
    from ._attribute_panel import AttributePanel as AttributePanel
    from ._attribute_rules import AttributeRules as AttributeRules
    from ._attribute_rules import list_rules as list_rules
    from ._attribute_rules import load_rules as load_rules
    from ._comparisons import bradley_terry as bradley_terry
    from ._comparisons import comparison_lines as comparison_lines
    from ._comparisons import left_share as left_share
    from ._comparisons import win_shares as win_shares
    from ._comparisons import win_words as win_words
    from ._criteria import RESERVED as RESERVED
    from ._criteria import CriteriaSet as CriteriaSet
    from ._criteria import Question as Question
    from ._criteria import check_same_criteria as check_same_criteria
    from ._criteria import criteria_differences as criteria_differences
    from ._criteria import criteria_faults as criteria_faults
    from ._criteria import criteria_fingerprint as criteria_fingerprint
    from ._criteria import criteria_schema as criteria_schema
    from ._criteria import is_criteria_file as is_criteria_file
    from ._criteria import list_criteria as list_criteria
    from ._criteria import load_criteria as load_criteria
    from ._criteria_parts import CriteriaPart as CriteriaPart
    from ._criteria_parts import chosen_criteria as chosen_criteria
    from ._criteria_parts import criteria_parts as criteria_parts
    from ._criteria_parts import refuse_mixed as refuse_mixed
    from ._criteria_store import stored_criteria as stored_criteria
    from ._criteria_template import new_criteria as new_criteria
    from ._criteria_template import template_left as template_left
    from ._criteria_versions import by_version as by_version
    from ._criteria_versions import mixed_versions as mixed_versions
    from ._criteria_yaml import yaml_fault as yaml_fault
    from ._drift import drift as drift
    from ._drift import drift_lines as drift_lines
    from ._exchange import export_ratings as export_ratings
    from ._exchange import exported as exported
    from ._exchange import import_ratings as import_ratings
    from ._exchange import read_ratings as read_ratings
    from ._exchange import write_ratings as write_ratings
    from ._exchange_forms import FORMS as FORMS
    from ._exchange_images import images_form as images_form
    from ._exchange_ratings import ratings_form as ratings_form
    from ._exchange_read import read_exchange as read_exchange
    from ._krippendorff import krippendorff_alpha as krippendorff_alpha
    from ._label_studio import label_studio_tasks as label_studio_tasks
    from ._label_studio_config import labeling_config as labeling_config
    from ._oracle_expert import OracleExpert as OracleExpert
    from ._panel_expert import PanelExpert as PanelExpert
    from ._plausibility import from_studies as from_studies
    from ._plausibility import origins as origins
    from ._plausibility import plausibility as plausibility
    from ._preference_columns import PREFERENCE_COLUMNS as PREFERENCE_COLUMNS
    from ._preference_columns import latest_preferences as latest_preferences
    from ._preferences import PreferencePairs as PreferencePairs
    from ._preferences import compared_pairs as compared_pairs
    from ._preferences import verdict_pairs as verdict_pairs
    from ._rating_plan import RatingPlan as RatingPlan
    from ._rating_plan import rating_plan as rating_plan
    from ._rating_plan import rating_plan_lines as rating_plan_lines
    from ._rating_reach import rating_reach as rating_reach
    from ._rating_reach import rating_reach_lines as rating_reach_lines
    from ._rating_reach import reach_words as reach_words
    from ._ratings import ANSWERS as ANSWERS
    from ._ratings import RATING_COLUMNS as RATING_COLUMNS
    from ._ratings import check_ratings as check_ratings
    from ._ratings import latest as latest
    from ._ratings import make_ratings as make_ratings
    from ._run_study import run_study as run_study
    from ._server import listen as listen
    from ._server import serve as serve
    from ._server import stopping_on_sigterm as stopping_on_sigterm
    from ._server_app import make_app as make_app
    from ._share_interval import paired_difference as paired_difference
    from ._share_interval import share_interval as share_interval
    from ._simulate import NoisyRater as NoisyRater
    from ._simulate import simulate_ratings as simulate_ratings
    from ._simulated import SimulatedExpert as SimulatedExpert
    from ._simulated_from import simulated_expert as simulated_expert
    from ._store import RatingStore as RatingStore
    from ._store import StoreError as StoreError
    from ._study import Study as Study
    from ._study_open import open_study as open_study
    from ._study_settings import StudySettings as StudySettings
    from ._study_types import AlreadyAnswered as AlreadyAnswered
    from ._study_types import Answer as Answer
    from ._study_types import ShownTask as ShownTask
    from ._study_types import TokenError as TokenError
    from ._study_types import Undone as Undone
    from ._telling_real import auroc as auroc
    from ._telling_real import telling_real as telling_real
    from ._value_panel import ValuePanel as ValuePanel
    from ._verdicts import plausible_from as plausible_from
    from ._verdicts import verdicts as verdicts

_ROOMS = {
    "ANSWERS": "._ratings",
    "AlreadyAnswered": "._study_types",
    "Answer": "._study_types",
    "AttributePanel": "._attribute_panel",
    "AttributeRules": "._attribute_rules",
    "CriteriaPart": "._criteria_parts",
    "CriteriaSet": "._criteria",
    "FORMS": "._exchange_forms",
    "NoisyRater": "._simulate",
    "OracleExpert": "._oracle_expert",
    "PREFERENCE_COLUMNS": "._preference_columns",
    "PanelExpert": "._panel_expert",
    "PreferencePairs": "._preferences",
    "Question": "._criteria",
    "RATING_COLUMNS": "._ratings",
    "RESERVED": "._criteria",
    "RatingPlan": "._rating_plan",
    "RatingStore": "._store",
    "ShownTask": "._study_types",
    "SimulatedExpert": "._simulated",
    "StoreError": "._store",
    "Study": "._study",
    "StudySettings": "._study_settings",
    "TokenError": "._study_types",
    "ValuePanel": "._value_panel",
    "Undone": "._study_types",
    "agreement": "._agreement",
    "agreement_by_criteria": "._agreement",
    "agreement_lines": "._agreement_lines",
    "agreement_summary": "._agreement",
    "annotate": "._attribute_noise",
    "answer_table": "._agreement_answers",
    "auroc": "._telling_real",
    "bradley_terry": "._comparisons",
    "by_version": "._criteria_versions",
    "check_ratings": "._ratings",
    "check_same_criteria": "._criteria",
    "ceiling_line": "._agreement_lines",
    "chosen_criteria": "._criteria_parts",
    "chosen_study": "._agreement_answers",
    "cohen_kappa": "._agreement_kappa",
    "column_values": "._agreement_answers",
    "columns_in": "._agreement_answers",
    "compared_pairs": "._preferences",
    "comparison_lines": "._comparisons",
    "criteria_differences": "._criteria",
    "criteria_faults": "._criteria",
    "criteria_fingerprint": "._criteria",
    "criteria_parts": "._criteria_parts",
    "criteria_schema": "._criteria",
    "drift": "._drift",
    "drift_lines": "._drift",
    "error_rate": "._attribute_noise",
    "export_ratings": "._exchange",
    "exported": "._exchange",
    "fleiss_kappa": "._agreement_fleiss",
    "guess_share": "._attribute_noise",
    "from_studies": "._plausibility",
    "gwet_ac1": "._agreement_fleiss",
    "images_form": "._exchange_images",
    "import_ratings": "._exchange",
    "is_criteria_file": "._criteria",
    "krippendorff_alpha": "._krippendorff",
    "label_studio_tasks": "._label_studio",
    "labeling_config": "._label_studio_config",
    "latest": "._ratings",
    "latest_preferences": "._preference_columns",
    "left_share": "._comparisons",
    "list_criteria": "._criteria",
    "list_rules": "._attribute_rules",
    "listen": "._server",
    "load_criteria": "._criteria",
    "load_rules": "._attribute_rules",
    "make_app": "._server_app",
    "make_ratings": "._ratings",
    "measure_panel": "._attribute_card",
    "mixed_versions": "._criteria_versions",
    "new_criteria": "._criteria_template",
    "template_left": "._criteria_template",
    "yaml_fault": "._criteria_yaml",
    "open_study": "._study_open",
    "origins": "._plausibility",
    "pair_lines": "._agreement_lines",
    "paired_difference": "._share_interval",
    "panel_agreement": "._attribute_card",
    "paradox": "._agreement_lines",
    "plausibility": "._plausibility",
    "plausible_from": "._verdicts",
    "rating_plan": "._rating_plan",
    "rating_plan_lines": "._rating_plan",
    "rating_reach": "._rating_reach",
    "rating_reach_lines": "._rating_reach",
    "ratings_form": "._exchange_ratings",
    "reach_words": "._rating_reach",
    "read_exchange": "._exchange_read",
    "read_ratings": "._exchange",
    "refuse_mixed": "._criteria_parts",
    "requested_names": "._agreement_answers",
    "run_study": "._run_study",
    "serve": "._server",
    "several_words": "._agreement_lines",
    "share_equal": "._agreement_fleiss",
    "share_interval": "._share_interval",
    "share_plausible": "._agreement",
    "simulate_ratings": "._simulate",
    "simulated_expert": "._simulated_from",
    "stopping_on_sigterm": "._server",
    "summary_lines": "._agreement_lines",
    "stored_criteria": "._criteria_store",
    "telling_real": "._telling_real",
    "verdict_lines": "._agreement_lines",
    "verdict_pairs": "._preferences",
    "verdict_words": "._agreement_lines",
    "verdicts": "._verdicts",
    "win_shares": "._comparisons",
    "win_words": "._comparisons",
    "wrong_requests": "._attribute_card",
    "with_kappa": "._agreement_lines",
    "write_ratings": "._exchange",
}
__all__ = sorted(_ROOMS)
__getattr__, __dir__ = lazy_exports(__name__, _ROOMS)
