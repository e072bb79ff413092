"""What a record of an alignment says, and what it does not: sentences made from its verdicts and intervals."""

from __future__ import annotations

from collections.abc import Sequence

from ..benchmark import Record
from ..core import MIN_SEEDS
from ._alignment import AlignmentRow, RewardRow
from ._estimates import Estimate
from ._names import clean, listed, plural
from ._numbers import bracket, number, signed

OPEN_STUDY = 0.087
"""An open replica of arXiv 2306.12438 on BloodMNIST neutrophils, 64 px: .813 of 2,048 images to .900 of 100."""
AIM = 0.15


def reference_lines(record: Record, rows: Sequence[AlignmentRow]) -> list[str]:
    """The two figures to beat, and how each method stands to the second."""
    lines = [
        f"An open study: all criteria met on {100 * OPEN_STUDY:+.1f} points more images after alignment (.813 of 2,048 "
        "to .900 of 100; one unblinded rater, no control: what longer training alone would have brought is not known).",
        f"The aim here: {100 * AIM:+.0f} points by H over the base and over the control, recall and coverage not "
        "inferior.",
    ]
    return lines + [_against_aim(row) for row in rows if row.role in ("method", "chosen")]


def _against_aim(row: AlignmentRow) -> str:
    base, control = row.over_base["H"], row.over_control["H"]
    known = {"the control": control, "the base": base}
    figures = ", ".join(
        f"{points(found)} over {other}" for other, found in known.items() if found.value is not None
    )
    missed = [*_short_of(known, row), *_prices_missed(row)]
    if not figures:
        return f"{clean(row.name)}: not measured."
    return (
        f"{clean(row.name)}: {figures}. "
        + ("Aim not reached: " + "; ".join(missed) if missed else "Aim reached")
        + "."
    )


def _short_of(known: dict[str, Estimate], row: AlignmentRow) -> list[str]:
    missed = []
    for other, found in known.items():
        if found.value is None:
            missed += (
                [] if row.role == "chosen" and other == "the base" else [f"not measured against {other}"]
            )
        elif found.value < AIM:
            missed.append(f"less than {100 * AIM:.0f} points over {other}")
        elif found.lo is None:
            missed.append(f"{plural(len(found.per_seed), 'seed')} against {other}, {MIN_SEEDS} needed")
        elif found.lo <= 0:
            missed.append(f"no gain shown over {other}")
    hacked = row.audit is not None and row.audit.verdict == "hacked"
    return [*missed, *(["its reward was hacked"] if hacked else [])]


def _prices_missed(row: AlignmentRow) -> list[str]:
    prices = row.audit.prices if row.audit else []
    if not prices:
        return ["recall and coverage were not tested"]
    return [f"{price.metric}: {price.verdict}" for price in prices if price.verdict != "not inferior"]


def points(found: Estimate) -> str:
    """A difference of shares in points, with its bounds."""
    if found.value is None:
        return "not measured"
    low, high = (None if bound is None else 100 * bound for bound in (found.lo, found.hi))
    return f"{signed(100 * found.value, 1)} points {bracket(low, high, 1)}".strip()


def findings(record: Record, rows: Sequence[AlignmentRow], rewards: Sequence[RewardRow]) -> list[str]:
    """What the verdicts allow to be said."""
    said = []
    for verdict, words in _VERDICTS.items():
        names = [
            clean(row.name)
            for row in rows
            if row.audit and row.audit.verdict == verdict and row.role == "method"
        ]
        if names:
            said.append(f"{words}: {listed(names)}.")
    worse = [
        clean(row.name) for row in rows if row.role == "method" and (row.over_control["H"].hi or 0.0) < 0
    ]
    if worse:
        said.append(f"Fewer images plausible, beyond chance, by H over the control: {listed(worse)}.")
    chosen = next((row for row in rows if row.role == "chosen"), None)
    if chosen and chosen.audit:
        gain = points(chosen.over_control["H"])
        said.append(
            f"The method that E chooses on the other seeds has {gain} by H over the control: {chosen.audit.verdict}."
        )
    return [*said, *_controls(rows), *_reward(rewards)]


_VERDICTS = {
    "helped": "Shown to help, by H and over the control with the same extra steps",
    "hacked": "Hacked: R rose while H fell, or H ended below its own peak",
    "not shown": "Neither shown to help nor to be hacked",
    "cannot be known from these data": "Cannot be known from these data",
}


def _controls(rows: Sequence[AlignmentRow]) -> list[str]:
    said = []
    for row in rows:
        if row.role != "control":
            continue
        plain = row.audit is None
        gain = row.over_base["H"] if plain else row.over_control["H"]
        if gain.value is None:
            continue
        other = "the base" if plain else "its control"
        kind = "real-only" if plain else clean(row.name).partition(":")[0]
        said.append(
            f"Control {clean(row.name)}: {points(gain)} by H over {other}; {_control_words(gain, kind)}."
        )
    return said


_RAISED = {
    "real-only": "longer training alone raised H: only the gain beyond it is the feedback's",
    "shuffled": "H rose without what the ratings say, so gains of that size are not owed to them",
    "inverted": "H rose with the reward turned round, so gains of that size are not owed to it",
}
_LOWERED = {
    "real-only": "longer training alone lowered H",
    "shuffled": "without what the ratings say H fell",
    "inverted": "with its reward turned round H fell, as it should",
}


def _control_words(gain: Estimate, kind: str) -> str:
    if gain.lo is None or gain.hi is None:
        return "too few seeds to say more"
    if gain.lo > 0:
        return _RAISED.get(kind, "H rose")
    return _LOWERED.get(kind, "H fell") if gain.hi < 0 else "no change of H was shown"


def _reward(rewards: Sequence[RewardRow]) -> list[str]:
    if not rewards or rewards[0].figures["auroc"].value is None:
        return []
    fell = [row for row in rewards[1:] if row.change.hi is not None and row.change.hi < 0]
    before = number(rewards[0].figures["auroc"].value, 2)
    first = f"R tells plausible from implausible images of the base with AUROC {before}"
    if not fell:
        return [f"{first}; that it falls after alignment was not shown."]
    worst = min(fell, key=lambda row: row.change.value or 0.0)
    changes = f"{signed(worst.change.value, 3)} {bracket(worst.change.lo, worst.change.hi, 3)}"
    return [
        f"{first}; after alignment it falls beyond chance for {listed(clean(row.images) for row in fell)}, "
        f"most after {clean(worst.images)} ({changes})."
    ]


def doubts(record: Record, rows: Sequence[AlignmentRow]) -> list[str]:
    """What must not be read into it."""
    said = [
        f"One image set at {record.data.image_size} px, {plural(len(record.seeds), 'seed')}: nothing about others."
    ]
    if len(record.seeds) < MIN_SEEDS:
        said.append(f"With fewer than {MIN_SEEDS} seeds no method is claimed to help or to harm.")
    if any(audit.simulated_h for audit in record.audits):
        said.append("H is simulated: no person looked at these images.")
    if "phantom" in record.data.name:
        said.append("The images are drawn phantoms: the figures tell of the methods, nothing clinical.")
    for row in rows:
        gain = row.over_control["H"]
        if row.audit and row.audit.verdict == "not shown" and row.role == "method" and gain.lo is not None:
            said.append(
                f"{clean(row.name)} not shown is not 'no effect': its gain on H may be {_range(gain)}."
            )
    lost = [
        f"{clean(row.name)} ({price.metric})"
        for row in rows if row.audit and row.role == "method"
        for price in row.audit.prices if price.verdict != "not inferior"
    ]  # fmt: skip
    if lost:
        said.append(f"That recall and coverage are kept within the margin was not shown for {listed(lost)}.")
    if record.status == "partial":
        said.append("The run is partial: what is missing is null, with its reason in the record.")
    return said


def _range(gain: Estimate) -> str:
    low, high = 100 * (gain.lo or 0.0), 100 * (gain.hi or 0.0)
    return f"anything from {signed(low, 1)} to {signed(high, 1)} points"
