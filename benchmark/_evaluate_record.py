"""The record of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ..core import code_commit, code_version, describe_machine
from ..imagesets import count_strata
from ._evaluate_inputs import told_name
from ._evaluate_material import Material
from ._evaluate_names import SYNTHETIC
from ._record import Data, GeneratorEntry, Memorisation, Record, ScoreRow

NO_PIXELS = "features were given, no images were read"


def evaluation_record(
    material: Material,
    rows: list[ScoreRow],
    copies: list[Memorisation],
    names: Mapping[str, str | None],
    *,
    asked: Mapping[str, Any],
    notes: Sequence[str] = (),
) -> Record:
    """Put the rows beside what they were measured on."""
    fake, true = material.fake, material.true
    labelled = "label" in true.table.columns
    strata = {"label": count_strata(true.labelled(), "label")} if labelled else {}
    return Record(
        kind="evaluation",
        name=f"{told_name(names['SYNTHETIC'])} against {told_name(names['REAL'])}",
        status="complete",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        asked={"typed": "", "resolved": {**_resolved(names), "size": material.size, **asked}},
        data=Data(
            name=true.about.name,
            licence=true.about.licence,
            source=true.about.source,
            citation=true.about.citation,
            content_hash=true.content_hash,
            n=len(true),
            image_size=material.size or 0,
            decoding=true.about.decoding if material.size else NO_PIXELS,
            classes=sorted(true.table["label"].dropna().astype(str).unique()) if strata else [],
            splits={role: len(part) for role, part in material.parts.items()},
            strata=strata,
            notes=list(notes),
        ),
        generators=[
            GeneratorEntry(
                name=SYNTHETIC,
                kind="generator",
                version=fake.content_hash,
                licence=fake.about.licence,
                trained_on=_trained_on(material),
                notes=f"images of {fake.about.name}",
            )
        ],
        code={"version": code_version(), "commit": code_commit()},
        seeds=[material.seed],
        machine=describe_machine(),
        memorisation=copies,
        scores=rows,
    )


def _resolved(names: Mapping[str, str | None]) -> dict[str, str | None]:
    return {role.strip("-").lower(): spec for role, spec in names.items()}


def _trained_on(material: Material) -> str:
    if material.train is not None:
        return material.train.content_hash
    return material.fake.lineage.trained_on if material.fake.lineage else "unknown"
