"""The report's sentence and table on the agreement of extractors."""

from __future__ import annotations

from pathlib import Path

from sample_record import sample_record

from synmedbench.benchmark import AgreementRow
from synmedbench.reports._report import report_html
from synmedbench.reports._section_agreement import agreement_block, agreement_says


def row(
    tau: float | None, p: float | None = None, over: str = "generators", reason: str | None = None
) -> AgreementRow:
    return AgreementRow(metric="coverage", first="domain", second="texture", over=over, n=6, tau=tau, p=p, rho=tau,
                        reason=reason)  # fmt: skip


def test_the_sentence_counts_what_is_shown_and_what_goes_against() -> None:
    says = agreement_says(
        [row(0.9, 0.01), row(0.3, 0.5), row(-0.4, 0.2), row(1.0, 0.001, "generators and reference arms")]
    )
    assert says.startswith("Of 3 comparisons of two extractors, 1 show")
    assert "Coverage is ordered rather the other way" in says
    assert "cannot be told: not enough data" in agreement_says(
        [row(None, reason="not enough data: 3 generators")]
    )


def test_the_block_is_in_the_report_only_where_there_are_two_extractors() -> None:
    record = sample_record()
    assert agreement_block(record.model_copy(update={"agreement": []})) is None
    told = record.model_copy(update={"agreement": [row(0.9, 0.01), row(None, reason="not <enough> data")]})
    html = report_html(told, Path("/nowhere"))
    assert "Do the extractors agree?" in html
    assert "not &lt;enough&gt; data" in html
