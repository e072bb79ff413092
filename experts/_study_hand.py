"""A rater's tasks under the names by which the page knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ._criteria import CriteriaSet
from ._study_rows import Item, Task
from ._study_settings import StudySettings
from ._study_types import ShownTask
from ._tokens import opaque


@dataclass(frozen=True)
class Hand:
    """A rater's tasks in order, by name, and the item of each picture's name."""

    shown: tuple[ShownTask, ...]
    tasks: Mapping[str, Task]
    pictures: Mapping[str, int]


def named(
    tasks: Sequence[Task],
    items: Sequence[Item],
    columns: Sequence[str],
    criteria: CriteriaSet,
    settings: StudySettings,
    secret: str,
) -> Hand:
    """Return a rater's hand: every showing has names of its own, also of one image at its repeat."""
    shown, by_name, pictures = [], {}, {}
    for task in tasks:
        name = opaque(secret, "task", settings.name, task.rater, task.position)
        ids = []
        for side, item in enumerate(_in_view(task)):
            ids.append(opaque(secret, "picture", settings.name, task.rater, task.position, side))
            pictures[ids[-1]] = item
        told = items[task.item_a].shown(columns)
        questions = _questions(told, criteria, settings)
        shown.append(ShownTask(name, task.position, told, tuple(ids), questions))
        by_name[name] = task
    return Hand(tuple(shown), by_name, pictures)


def _questions(told: Mapping[str, str], criteria: CriteriaSet, settings: StudySettings) -> list[str]:
    """Questions by what the rater is told: a class known of one kind of image alone would tell it."""
    if settings.detail == "verdict" or settings.mode == "compare":
        return []
    return [question.id for question in criteria.questions_for(told.get("label"), told)]


def _in_view(task: Task) -> tuple[int, ...]:
    """The items from left to right."""
    if task.item_b is None:
        return (task.item_a,)
    return (task.item_a, task.item_b) if task.left == "a" else (task.item_b, task.item_a)
