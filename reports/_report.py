"""The run report: one HTML file that opens with what was shown and what was not."""

from __future__ import annotations

from pathlib import Path

from ..benchmark import Record, read_record, record_file
from ..core import UserError, write_text
from . import (
    _limits,
    _section_agreement,
    _section_alignment,
    _section_augmentation,
    _section_comparisons,
    _section_concept,
    _section_copies,
    _section_people,
    _section_plausibility,
    _section_run,
    _section_scores,
    _section_utility,
)
from ._blocks import Block, render


def build_report(run_dir: str | Path, out: str | Path | None = None) -> Path:
    """Write the report of a run folder (or of a single ``record.json``) and return its path.

    The page needs no network and holds its images; sample images come from ``run_dir/gallery`` where that exists.
    ``out`` is ``report.html`` beside the record unless given. Raises ``UserError`` where there is no readable record.

    >>> build_report("runs/quickstart")  # doctest: +SKIP
    PosixPath('runs/quickstart/report.html')
    """
    source = Path(run_dir)
    file = source if source.is_file() else record_file(source)
    record = read_record(file)
    target = Path(out) if out is not None else file.parent / "report.html"
    if target.is_dir():
        raise UserError(
            "the report is a file, this is a folder", where=target, remedy="name a file that ends in .html"
        )
    write_text(target, report_html(record, file.parent))
    return target


def report_html(record: Record, run: Path) -> str:
    """The report as HTML; ``run`` is the folder that may hold a gallery."""
    return render(
        "report.html",
        record=record,
        created=_section_run.moment(record.created),
        claims=_section_run.claim_lines(record),
        ledger=_section_run.ledger_summary(record),
        facts=_section_run.facts(record),
        split_table=_section_run.split_table(record),
        stratum_tables=_section_run.stratum_tables(record),
        cards=_section_run.cards_table(record),
        judges=_section_run.judge_table(record),
        judge_words=_section_run.judge_words(record),
        durations=_section_run.duration_table(record),
        memorisation=_section_copies.memorisation_table(record),
        memorisation_says=_section_copies.memorisation_says(record),
        neighbours=_section_copies.neighbours(record, run),
        power=_section_copies.power_blocks(record),
        samples=_section_people.samples(record, run),
        scores=_present(
            _section_scores.ruler_block(record),
            _section_comparisons.comparisons_block(record),
            *_section_scores.metrics_blocks(record),
            _section_agreement.agreement_block(record),
        ),
        groups=_section_scores.strata_blocks(record),
        utility=_present(
            *_section_utility.curve_blocks(record),
            _section_utility.gains_block(record) if record.augmentation is None else None,
            _section_utility.groups_block(record),
        ),
        augmentation=_section_augmentation.augmentation_blocks(record),
        plausibility=_present(
            _section_plausibility.plausibility_block(record), _section_concept.concept_block(record)
        ),
        audits=_section_alignment.audit_lines(record),
        alignment=_section_alignment.alignment_blocks(record),
        limits=_limits.limitations(record),
        works=_limits.WORKS,
    )


def _present(*blocks: Block | None) -> list[Block]:
    return [found for found in blocks if found is not None]
