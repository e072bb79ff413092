"""The page of ratings: what experts say of the images, whether they agree, and what that can show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..core import LEVEL, code_version, write_text
from ..experts import RatingStore, latest
from ..imagesets import ImageSet
from ._blocks import render
from ._names import clean, plural
from ._ratings_gallery import rejected_images, rejected_table
from ._ratings_material import REAL, RatingsMaterial, read_ratings_material
from ._ratings_verdicts import verdicts_of
from ._section_raters import agreement_blocks, rater_blocks
from ._section_ratings import comparison_blocks, plausibility_blocks, reach_block


def build_ratings_report(
    store: str | RatingStore,
    out: str | Path,
    *,
    images: Sequence[str | ImageSet] = (),
    real: str | ImageSet | None = None,
    by: Sequence[str] | None = None,
    study: str | None = None,
    criteria: str | None = None,
    show_real: bool = False,
) -> Path:
    """Write the page of a store's ratings and return its path; it needs no network.

    Parameters
    ----------
    store:
        A store or its address.
    images, real:
        The sets that were rated: their pictures stand in the gallery, and whose an image is, where the store
        does not know it, is taken from them.
    by:
        Columns of what was requested (default: class and skin tone, where raters' images have them).
    study:
        One study alone.
    criteria:
        Criteria set, or one version of it (``skin``, ``skin:2``): needed where several were answered.
    show_real:
        Show rejected real images too: they are pictures of patients.

    Raises ``UserError`` for a store, a study, criteria or a column that is not there, and for answers to several
    criteria, which are never mixed.
    """
    material = read_ratings_material(
        store, images=images, real=real, by=by, study=study, criteria=criteria, show_real=show_real
    )
    target = Path(out)
    write_text(target, ratings_html(material))
    return target


def ratings_html(material: RatingsMaterial) -> str:
    """The page as HTML."""
    rated = material.rated
    found, said = rejected_images(material) if rated else ([], "")
    return render(
        "ratings.html",
        title="What raters say" + (f": {clean(material.study)}" if material.study else ""),
        lead=_lead(material),
        notes=[clean(note) for note in material.notes],
        verdicts=verdicts_of(material),
        plausibility=plausibility_blocks(material) if rated else [],
        agreement=agreement_blocks(material) if rated else [],
        raters=rater_blocks(material) if rated else [],
        reach=reach_block(material) if rated else None,
        comparisons=comparison_blocks(material),
        rejected=found,
        rejected_says=said,
        rejected_table=rejected_table(found),
        has_pictures=any(each.picture for each in found),
        shows_real=any(each.picture and each.origin == REAL for each in found),
        level=LEVEL,
        version=code_version(),
    )


def _lead(material: RatingsMaterial) -> str:
    ratings = latest(material.ratings)
    parts = []
    if len(ratings):
        shown = ratings.drop_duplicates(["rater", "image", "image_key", "repeat"])
        parts.append(
            f"{plural(ratings['image_key'].nunique(), 'image')}, {plural(ratings['rater'].nunique(), 'rater')}, "
            f"{plural(len(shown), 'showing')}"
        )
        asked = ratings[["criteria", "criteria_version"]].dropna().drop_duplicates().astype(str)
        used = set(asked["criteria"] + " " + asked["criteria_version"])
        parts += [f"criteria {', '.join(sorted(map(clean, used)))}"] if used else []
    if len(material.preferences):
        parts.append(plural(len(material.preferences), "comparison"))
    return "; ".join(parts) + "." if parts else "No ratings and no comparisons yet."
