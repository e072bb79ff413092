"""An evaluation's scores in plain words, read off a self-check of the same real images."""

from __future__ import annotations

from ._record import Record, RulerReading
from ._ruler_curves import read_curves
from ._self_check_record import SelfCheck

SYNTHETIC = "synthetic"


def in_plain_words(record: Record, document: SelfCheck) -> list[str]:
    """One line for each score that the self-check's curves can say, or one that says why there is none.

    What is said of all images is also written into the record's ``ruler``. Curves are those of one set of real
    images and one size: others are not read. A score that moves with the number of images is read at that of the curves
    alone; ``domain`` is never read, since each of its trainings is another scale.
    """
    why = _foreign(record, document)
    if why:
        return [f"no score is read off the self-check: {why}"]
    lines = []
    for row in record.scores:
        if row.generator != SYNTHETIC or row.value is None or row.extractor == "domain":
            continue
        counts = (row.n_real or 0, row.n_synthetic or 0)
        words = read_curves(
            document, row.metric, row.extractor, row.value, row.lo, row.hi, stratum=row.stratum, counts=counts
        )
        if not words:
            continue
        if row.stratum == "all":
            record.ruler.append(
                RulerReading(generator=SYNTHETIC, metric=row.metric, extractor=row.extractor, words=words)
            )
        where = "" if row.stratum == "all" else f", {row.stratum.replace('=', ' ')}"
        lines.append(f"{row.metric.replace('_', ' ')} on {row.extractor}{where}: {words}")
    if lines:
        return lines
    return [
        f"no score is read off the self-check: it was made with {document.n_real} real images against "
        f"{document.n_synthetic}, and its curves say none of these scores (kernel distances are read at any number)"
    ]


def _foreign(record: Record, document: SelfCheck) -> str | None:
    if record.data.name != document.data.name:
        return f"it was made on {document.data.name}, these real images are {record.data.name}"
    if record.data.image_size != document.data.image_size:
        return f"it was made at {document.data.image_size} px, these images were compared at {record.data.image_size}"
    return None
