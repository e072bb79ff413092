"""What could carry the test into the training, looked for before any classifier is trained."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from ._cell_data import shelved
from ._leakage import leakage
from ._record_augmentation import Leakage
from ._stage import Stage, Work

FOUND = "leakage.json"
POOL_KIND = "synthetic near test"


def real_leakage(work: Work) -> None:
    """Among the splits, and between the training images and external sets."""
    config = work.config
    tests = {
        need.replace("external-", "external:", 1): shelved(folder)
        for need, folder in work.inputs.items()
        if need.startswith("external-")
    }
    found = leakage(
        shelved(work.inputs["data"]),
        config["group"],
        near_duplicates=config["near_duplicates"],
        tests=tests,
        policy=config["policy"],
    )
    _keep(work, found)


def pool_leakage(work: Work) -> None:
    """Synthetic images that are near-duplicates of a real test image."""
    data = shelved(work.inputs["data"])
    test = data.subset((data.column("split") == "test").to_numpy())
    pools = {work.config["generator"]: shelved(work.inputs["pool"])}
    found = leakage(test, near_duplicates="off", pools=pools, policy=work.config["policy"])
    _keep(work, [entry for entry in found if entry.kind == POOL_KIND])


def _keep(work: Work, found: list[Leakage]) -> None:
    (work.out / FOUND).write_text(json.dumps([entry.model_dump() for entry in found]), encoding="utf-8")


def found_leakage(stages: Mapping[str, Stage], cache: Path) -> Iterator[Leakage]:
    """What the finished stages found: among real images first, then by generator, its seeds added up."""
    pools: dict[str, list[Leakage]] = {}
    for stage in stages.values():
        path = stage.folder(cache) / FOUND
        if stage.function.startswith("._work_leakage:") and path.is_file():
            for row in json.loads(path.read_text()):
                entry = Leakage(**row)
                if entry.kind == POOL_KIND:
                    pools.setdefault(entry.where, []).append(entry)
                else:
                    yield entry
    for name, entries in pools.items():
        images, of = sum(entry.images for entry in entries), sum(entry.of for entry in entries)
        words = f"{images:,} of {of:,} images of {name} are near-duplicates of a test image"
        words += f" ({len(entries)} pools)" if len(entries) > 1 else ""
        yield entries[0].model_copy(update={"images": images, "of": of, "words": words})
