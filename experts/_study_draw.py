"""From image sets to what is judged: the images drawn, their rows, and the units that are dealt."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ..core import UserError
from ..imagesets import ImageSet
from ._assign import Unit, pair_up
from ._count_words import counted
from ._draw import REAL, Candidate, candidates, choose_real, choose_synthetic
from ._ratings import as_json
from ._simulated import requested_of
from ._study_rows import Item, make_unit
from ._study_settings import StudySettings


def drawn(
    images: Sequence[ImageSet], real: ImageSet | None, settings: StudySettings
) -> tuple[tuple[str, ...], list[Candidate], list[str]]:
    """The shown columns, the images of the study, and what is to be told of the draw."""
    shown, made, there, told = candidates(images, real, settings.show)
    chosen = choose_synthetic(made, settings.n, settings.seed)
    share = settings.real_share
    if real is None or not share:
        return (
            shown,
            chosen,
            [*told, "no real images are mixed in: what raters reject of real ones stays unknown"],
        )
    # Of comparisons each with a real image takes one synthetic image, each other one takes two.
    odds = share / (2 - share) if settings.mode == "compare" else share / (1 - share)
    wished = round(len(chosen) * odds)
    if not wished:
        few = counted(len(chosen), "image", "is", "are")
        told.append(f"no real image is mixed in: {few} too few for a share of {share:g}")
    mixed_in, lack = choose_real(there, chosen, wished, settings.seed)
    return shown, [*chosen, *mixed_in], told + lack


def items_of(sets: Sequence[ImageSet], chosen: Sequence[Candidate], keys: Sequence[str]) -> list[Item]:
    """Return the rows of the images drawn, with their content keys."""
    names = [each.column("file_name").tolist() for each in sets]
    wishes = [requested_of(each).drop(columns="generator", errors="ignore") for each in sets]
    items = []
    for number, (each, key) in enumerate(zip(chosen, keys, strict=True)):
        wish = wishes[each.part].iloc[each.row].to_dict()
        label = wish.get("label")
        items.append(
            Item(
                number,
                each.part,
                each.row,
                str(names[each.part][each.row]),
                key,
                sets[each.part].about.name,
                each.origin,
                None if pd.isna(label) else str(label),
                as_json(wish),
            )
        )
    return items


def without_doubles(items: Sequence[Item]) -> tuple[list[Item], list[str]]:
    """Return the items less real ones whose pixels a synthetic one has, and less second ones of equal name and
    pixels (their answers could not be told apart); and what is to be told of that."""
    made = {item.image_key for item in items if item.origin != REAL}
    copied = [item for item in items if item.origin == REAL and item.image_key in made]
    seen: set[tuple[str, str]] = set()
    kept, doubled = [], 0
    for item in items:
        if item.origin == REAL and item.image_key in made:
            continue
        if (item.image, item.image_key) in seen:
            doubled += 1
            continue
        seen.add((item.image, item.image_key))
        kept.append(item)
    told = []
    if copied:
        told.append(f"{counted(len(copied), 'real image', 'is', 'are')} left out: synthetic ones have the same pixels")
        if not any(item.origin == REAL for item in kept):
            raise UserError(
                "every real image that was drawn has the pixels of a synthetic one",
                where=copied[0].imageset,
                remedy="give real images that the generator did not copy",
            )
    if doubled:
        told.append(f"{counted(doubled, 'image', 'is', 'are')} left out: others have the same name and the same pixels")
    return kept, told


def units_of(
    items: Sequence[Item], kept: Sequence[Item], shown: Sequence[str], settings: StudySettings
) -> list[Unit]:
    """Return what is judged: every image kept, or pairs of them."""
    if settings.mode == "rate":
        return [make_unit(items, item.item, None, shown) for item in kept]
    about = {item.item: (item.origin, tuple(item.shown(shown).values())) for item in kept}
    real = {number: each for number, each in about.items() if each[0] == REAL}
    made = {number: each for number, each in about.items() if each[0] != REAL}
    pairs = pair_up(made, real, settings.seed)
    if not pairs:
        raise UserError(
            "no two images have equal shown values and different origins",
            where=settings.name,
            remedy="show fewer columns, or give more images",
        )
    return pairs
