"""What a reader must not conclude, written from the record."""

from __future__ import annotations

from ..benchmark import Record
from ..core import MIN_SEEDS
from ._estimates import Scores
from ._names import JUDGES, clean, listed, plural

WORKS = (
    (
        "Sun S, Goldgof GM, Butte A, Alaa AM. Aligning Synthetic Medical Images with Clinical Knowledge using Human "
        "Feedback. NeurIPS 2023. arXiv 2306.12438.",
        "experts' feedback, the reward model, and finetuning a diffusion model with it",
    ),
    (
        "Sagers LW. Augmenting medical image classifiers with synthetic data across populations. Harvard 2024; "
        "with arXiv 2211.13352 and arXiv 2308.12453.",
        "classifiers trained with and without synthetic images over data size, ratio and skin tone",
    ),
)


def limitations(record: Record) -> list[str]:
    """The limits that follow from what was, and was not, measured."""
    found = [*_seeds(record), *_open_set(record), *_data(record), *_judges(record), *_missing(record)]
    if record.failed:
        found.append(
            f"{plural(len(record.failed), 'stage')} failed: what depends on them is missing, not zero."
        )
    if record.status == "partial":
        found.append("The run is partial: it was stopped or some of its stages could not be finished.")
    return found


def _seeds(record: Record) -> list[str]:
    n = len(record.seeds)
    if n >= MIN_SEEDS:
        return []
    return [
        f"{plural(n, 'seed')}: {MIN_SEEDS} are needed to say anything about another training of the same generator, "
        "so each seed is shown and no difference between trainings is claimed. Brackets then span the seeds' own "
        "intervals."
    ]


def _open_set(record: Record) -> list[str]:
    names = [clean(e.name) for e in record.generators if e.open_set and e.kind != "reference"]
    if not names or not record.cells:
        return []
    return [
        f"{listed(names)} {'are' if len(names) > 1 else 'is'} open-set: more real images went into the generator than "
        "the classifier cells were given, so a gain at few real images is partly hidden real data."
    ]


def _data(record: Record) -> list[str]:
    where = f"{clean(record.data.name)} at {record.data.image_size} px"
    found = [f"The results hold for {where}; other images were not tested."]
    if "phantom" in record.data.name:
        found.append(
            "These are drawn phantoms, not patients: they show that the method works, nothing clinical."
        )
    if not record.data.group_column:
        found.append("No patient or lesion column: images of one person may stand on both sides of a split.")
    return found


def _judges(record: Record) -> list[str]:
    if any(audit.simulated_h for audit in record.audits):
        return ["H is simulated: no expert looked at these images."]
    if not any(row.extractor in JUDGES for row in record.scores):
        return [
            "Clinical plausibility was not measured: a good distance does not mean that an expert would agree."
        ]
    return []


def _missing(record: Record) -> list[str]:
    found = []
    if not record.memorisation:
        found.append(
            "Memorisation was not measured: nothing is said about the privacy of the training patients."
        )
    if not record.cells:
        found.append("No classifier was trained: usefulness was not measured.")
    if not any(row.stratum != "all" for row in record.scores):
        found.append("Nothing was measured by patient group.")
    if len(Scores(record).extractors) == 1:
        only = clean(Scores(record).primary)
        found.append(
            f"All distances are in the features of one extractor ({only}); another may order them otherwise."
        )
    nulls = sum(1 for row in record.scores if row.value is None)
    if nulls:
        found.append(f"{nulls:,} of {len(record.scores):,} scores are null, each with its reason.")
    return found
