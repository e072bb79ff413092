"""The tables of the terminal and of the README."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.table import Table
from sample_record import sample_record

from synmedbench.benchmark import Record
from synmedbench.reports import evaluation_table, leaderboard_markdown, leaderboard_table


def printed(table: Table, width: int = 100) -> str:
    out = io.StringIO()
    Console(file=out, width=width, color_system=None).print(table)
    return out.getvalue()


def evaluation() -> Record:
    record = sample_record(seeds=1, kind="evaluation", ranking=None, ruler=[], cells=[], audits=[], claims=[])
    record.scores = [row for row in record.scores if row.generator in ("diffusion", "noise", "real-holdout")]
    record.generators = [entry for entry in record.generators if entry.name == "diffusion"]
    return record


def test_leaderboard_fits_in_100_columns_and_says_why() -> None:
    text = printed(leaderboard_table(sample_record()))
    assert max(map(len, text.splitlines())) <= 100
    lines = {line.split()[1]: line for line in text.splitlines() if len(line.split()) > 3}
    assert "118 [101, 139]" in " ".join(text.split())
    assert "COPIES" in text
    assert "memorising" in " ".join(text.split())
    assert "blur 1.3 px" in text
    assert lines["real-holdout"].split()[0] == "1"


def test_a_reason_that_several_generators_share_is_said_once() -> None:
    record = sample_record()
    assert record.ranking is not None
    for row in record.ranking.rows:
        if row.generator in ("diffusion", "noise"):
            row.rank, row.reason = None, "not computed yet"
    text = " ".join(printed(leaderboard_table(record)).split())
    assert text.count("not computed yet") == 1
    assert "– noise, diffusion: not computed yet" in text


@pytest.mark.parametrize("missing", ["scores", "cells", "memorisation", "ruler"])
def test_tables_survive_missing_parts(missing: str) -> None:
    record = sample_record(**{missing: []})
    assert printed(leaderboard_table(record))
    assert leaderboard_markdown(record).startswith("| Place |")
    assert printed(evaluation_table(record))


def test_names_are_not_read_as_console_markup() -> None:
    record = sample_record(rename={"diffusion": "[red]a[/red]"})
    assert "[red]a[/red]" in "".join(printed(leaderboard_table(record), 200))
    assert "[red]a[/red]" in "".join(printed(evaluation_table(record), 300))


def test_evaluation_shows_real_images_beside_and_reasons() -> None:
    text = " ".join(printed(evaluation_table(evaluation())).split())
    head = text[: text.index("Fréchet")]
    assert head.index("diffusion") < head.index("real-holdout")
    assert "not enough data" in text
    assert "skin tone" in text


def test_markdown_has_a_row_for_each_generator_and_the_reasons_below() -> None:
    text = leaderboard_markdown(sample_record())
    table, _, below = text.partition("\nUnranked:")
    assert len([line for line in table.splitlines() if line.startswith("|")]) == 2 + 12
    assert "| 1 | real-holdout (reference) | 21.8 [18.5, 25.5] |" in table
    assert "- copy: memorising." in below
