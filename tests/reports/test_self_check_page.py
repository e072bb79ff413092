"""The self-check's page and tables: every verdict in its mark, nothing unescaped, odd documents drawn too."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from self_check_sample import curve, document

from synmedbench.benchmark import CheckPoint, FailedCell
from synmedbench.reports import (
    build_self_check_page,
    self_check_lines,
    self_check_markdown,
    self_check_tables,
)
from synmedbench.reports._figure_self_check import FARTHEST, moves, self_check_figure
from synmedbench.reports._self_check_words import mark

SEEN = curve("coverage", "dropped_class", (0.9, 0.7, 0.5, 0.3, 0.1), (0.25, 0.5, 0.75, 1.0), expected=-1,
             stratum="dropped:label")  # fmt: skip
BLUR = curve("frechet_distance", "blur", (10, 20, 40), (0.5, 1.0), expected=1)


def shown(found) -> str:
    out = io.StringIO()
    for table in self_check_tables(found):
        Console(file=out, width=110).print(table)
    return out.getvalue() + "\n".join(self_check_lines(found))


@pytest.mark.parametrize(
    ("verdict", "said"),
    [("sees", "25%"), ("barely sees", "(25%)"), ("does not see", "no"), ("wrong way", "WRONG"), ("moves", "~25%"),
     ("still", "."), ("cannot be known", "?")],
)  # fmt: skip
def test_each_verdict_has_its_mark(verdict, said):
    assert mark(SEEN.model_copy(update={"verdict": verdict})) == said


def test_the_page_holds_tables_figures_and_what_failed(tmp_path):
    found = document(SEEN, BLUR).model_copy(
        update={
            "name": "<b>Zellen & mehr</b>",
            "failed": [FailedCell(stage="s", error="<script>")],
            "status": "partial",
        }
    )
    page = build_self_check_page(found, tmp_path / "a b.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    assert "<script>" not in page
    assert "<b>Zellen" not in page
    assert "Coverage, missing class" in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_a_score_without_spread_is_drawn_at_the_end_of_the_axis():
    flat = BLUR.model_copy(update={"spread": 0.0})
    assert [move for move, *_ in moves(flat)] == [FARTHEST, FARTHEST]
    assert [move for move, *_ in moves(BLUR)] == [10.0, 30.0]


def test_a_falling_metric_that_must_fall_is_drawn_upwards():
    assert all(move >= 0 for move, *_ in moves(SEEN.model_copy(update={"spread": 0.1})))


def test_points_without_values_are_told_and_not_drawn():
    empty = BLUR.model_copy(update={
        "undamaged": CheckPoint(strength=0, reason="not enough data"), "verdict": "cannot be known",
        "points": [CheckPoint(strength=0.5, reason="not enough data: 14 images, 50 needed")],
    })  # fmt: skip
    found = document(empty)
    assert self_check_figure(found, "blur") is None
    assert "?" in shown(found)


def test_tables_for_terminal_and_pages_agree():
    found = document(SEEN, BLUR)
    assert "Fréchet distance" in shown(found)
    assert "| Fréchet distance | . | 0.5 |" in self_check_markdown(found, "e")
    assert "| Coverage, missing class | 25% | . |" in self_check_markdown(found, "e")
