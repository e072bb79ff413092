"""Floor 0: the registry, content keys and atomic files, errors, progress, intervals and planning."""

from ._atomic import atomic_file, atomic_folder, sweep, write_bytes, write_json, write_text
from ._errors import UserError, did_you_mean
from ._intervals import (
    LEVEL,
    MIN_SEEDS,
    Interval,
    describe_seeds,
    interval_pvalue,
    jackknife,
    mcnemar,
    paired_t,
    paired_t_within,
    t_interval,
    t_pvalue,
    wilson,
    within_pvalue,
)
from ._keys import content_key, file_hash, hash_bytes
from ._lazy import lazy_exports
from ._machine import code_commit, code_version, describe_machine
from ._multiplicity import benjamini_hochberg, holm
from ._planning import detectable_mean_difference, detectable_share_difference, ratings_needed
from ._progress import Progress, Task, console_progress, silent
from ._registry import KINDS, Registry, build_all, registry
from ._seeds import derive_seed, rng
from ._spec import Spec, parse_spec, read_value
from ._tost import EquivalenceTest, tost

__all__ = [
    "KINDS",
    "LEVEL",
    "MIN_SEEDS",
    "EquivalenceTest",
    "Interval",
    "Progress",
    "Registry",
    "Spec",
    "Task",
    "UserError",
    "atomic_file",
    "atomic_folder",
    "benjamini_hochberg",
    "build_all",
    "code_commit",
    "code_version",
    "console_progress",
    "content_key",
    "derive_seed",
    "describe_machine",
    "describe_seeds",
    "detectable_mean_difference",
    "detectable_share_difference",
    "did_you_mean",
    "file_hash",
    "hash_bytes",
    "holm",
    "interval_pvalue",
    "jackknife",
    "lazy_exports",
    "mcnemar",
    "paired_t",
    "paired_t_within",
    "parse_spec",
    "ratings_needed",
    "read_value",
    "registry",
    "rng",
    "silent",
    "sweep",
    "t_interval",
    "t_pvalue",
    "tost",
    "wilson",
    "within_pvalue",
    "write_bytes",
    "write_json",
    "write_text",
]
