"""Floor 1: image sets; reading, checking, splitting and writing them; phantoms with their oracles."""

from typing import TYPE_CHECKING

from ..core import lazy_exports

if TYPE_CHECKING:
    from ._about import About as About
    from ._about import Lineage as Lineage
    from ._blood_looks import CELL_TYPES as CELL_TYPES
    from ._decode import DECODING_RULE as DECODING_RULE
    from ._decode import decode as decode
    from ._decode import decode_bytes as decode_bytes
    from ._decode import fit_square as fit_square
    from ._derm_looks import DISEASES as DISEASES
    from ._faults import Fault as Fault
    from ._formats import format_counts as format_counts
    from ._formats import formats_apart as formats_apart
    from ._groups import group_numbers as group_numbers
    from ._imageset import ArraySource as ArraySource
    from ._imageset import ImageSet as ImageSet
    from ._imageset import Pixels as Pixels
    from ._imageset import Source as Source
    from ._imageset import concatenate as concatenate
    from ._ita import MOST_UNDEFINED as MOST_UNDEFINED
    from ._ita import individual_typology_angle as individual_typology_angle
    from ._ita import measured_tones as measured_tones
    from ._near_duplicates import NearPairs as NearPairs
    from ._near_duplicates import near_duplicate_groups as near_duplicate_groups
    from ._near_duplicates import near_pairs as near_pairs
    from ._near_duplicates import near_rows as near_rows
    from ._near_duplicates import with_near_duplicates as with_near_duplicates
    from ._open import open_imageset as open_imageset
    from ._oracle import Oracle as Oracle
    from ._oracle import open_oracle as open_oracle
    from ._oracle_agreement import oracle_agreement as oracle_agreement
    from ._parquet import read_parquet as read_parquet
    from ._parquet import write_parquet as write_parquet
    from ._perceptual_hash import Fingerprints as Fingerprints
    from ._perceptual_hash import fingerprints as fingerprints
    from ._perceptual_hash import perceptual_hash as perceptual_hash
    from ._phantom_blood import phantom_blood as phantom_blood
    from ._phantom_derm import phantom_derm as phantom_derm
    from ._planted import PlantedFault as PlantedFault
    from ._planted import planted_fault as planted_fault
    from ._planted import planted_faults as planted_faults
    from ._planted_pixels import damage_pixels as damage_pixels
    from ._planted_rows import collapse_rows as collapse_rows
    from ._planted_rows import drop_value as drop_value
    from ._planted_rows import exchange_rows as exchange_rows
    from ._planted_rows import swap_labels as swap_labels
    from ._published import age_group as age_group
    from ._read_ddi import read_ddi as read_ddi
    from ._read_fitzpatrick17k import read_fitzpatrick17k as read_fitzpatrick17k
    from ._read_folder import FolderSource as FolderSource
    from ._read_folder import read_folder as read_folder
    from ._read_ham10000 import read_ham10000 as read_ham10000
    from ._read_isic import read_isic as read_isic
    from ._read_medmnist import read_medmnist as read_medmnist
    from ._read_pbc import read_pbc as read_pbc
    from ._same_pixels import SamePixels as SamePixels
    from ._same_pixels import same_pixels as same_pixels
    from ._splits import FRACTIONS as FRACTIONS
    from ._splits import count_splits as count_splits
    from ._splits import split_by_group as split_by_group
    from ._strata import MIN_STRATUM as MIN_STRATUM
    from ._strata import TONE_GROUPS as TONE_GROUPS
    from ._strata import UNKNOWN as UNKNOWN
    from ._strata import count_strata as count_strata
    from ._strata import fitzpatrick as fitzpatrick
    from ._strata import stratum_of as stratum_of
    from ._strata import tone_group as tone_group
    from ._strata import too_small as too_small
    from ._tables import read_table as read_table
    from ._tables import write_csv as write_csv
    from ._tables import wrong_marks as wrong_marks
    from ._tone_refusal import is_tone as is_tone
    from ._tone_refusal import refuse_tone as refuse_tone
    from ._validate import has_errors as has_errors
    from ._validate import validate_imageset as validate_imageset
    from ._views import check_view as check_view
    from ._views import flip_views as flip_views
    from ._views import view as view
    from ._views import view_words as view_words
    from ._write import write_folder as write_folder

_ROOMS = {
    "About": "._about",
    "ArraySource": "._imageset",
    "CELL_TYPES": "._blood_looks",
    "DECODING_RULE": "._decode",
    "DISEASES": "._derm_looks",
    "FRACTIONS": "._splits",
    "Fault": "._faults",
    "FolderSource": "._read_folder",
    "ImageSet": "._imageset",
    "Lineage": "._about",
    "MIN_STRATUM": "._strata",
    "MOST_UNDEFINED": "._ita",
    "Oracle": "._oracle",
    "Pixels": "._imageset",
    "PlantedFault": "._planted",
    "SamePixels": "._same_pixels",
    "same_pixels": "._same_pixels",
    "Source": "._imageset",
    "TONE_GROUPS": "._strata",
    "UNKNOWN": "._strata",
    "collapse_rows": "._planted_rows",
    "concatenate": "._imageset",
    "count_splits": "._splits",
    "count_strata": "._strata",
    "damage_pixels": "._planted_pixels",
    "decode": "._decode",
    "decode_bytes": "._decode",
    "drop_value": "._planted_rows",
    "exchange_rows": "._planted_rows",
    "fit_square": "._decode",
    "fitzpatrick": "._strata",
    "format_counts": "._formats",
    "formats_apart": "._formats",
    "group_numbers": "._groups",
    "has_errors": "._validate",
    "individual_typology_angle": "._ita",
    "measured_tones": "._ita",
    "open_imageset": "._open",
    "open_oracle": "._oracle",
    "oracle_agreement": "._oracle_agreement",
    "phantom_blood": "._phantom_blood",
    "phantom_derm": "._phantom_derm",
    "planted_fault": "._planted",
    "planted_faults": "._planted",
    "read_folder": "._read_folder",
    "read_medmnist": "._read_medmnist",
    "read_parquet": "._parquet",
    "read_table": "._tables",
    "split_by_group": "._splits",
    "stratum_of": "._strata",
    "tone_group": "._strata",
    "swap_labels": "._planted_rows",
    "too_small": "._strata",
    "check_view": "._views",
    "flip_views": "._views",
    "validate_imageset": "._validate",
    "view": "._views",
    "view_words": "._views",
    "NearPairs": "._near_duplicates",
    "near_duplicate_groups": "._near_duplicates",
    "near_pairs": "._near_duplicates",
    "near_rows": "._near_duplicates",
    "with_near_duplicates": "._near_duplicates",
    "Fingerprints": "._perceptual_hash",
    "fingerprints": "._perceptual_hash",
    "perceptual_hash": "._perceptual_hash",
    "is_tone": "._tone_refusal",
    "refuse_tone": "._tone_refusal",
    "age_group": "._published",
    "read_ddi": "._read_ddi",
    "read_fitzpatrick17k": "._read_fitzpatrick17k",
    "read_ham10000": "._read_ham10000",
    "read_isic": "._read_isic",
    "read_pbc": "._read_pbc",
    "wrong_marks": "._tables",
    "write_csv": "._tables",
    "write_folder": "._write",
    "write_parquet": "._parquet",
}
__all__ = sorted(_ROOMS)
__getattr__, __dir__ = lazy_exports(__name__, _ROOMS)
