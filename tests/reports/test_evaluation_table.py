"""The table of an evaluation, in its forms."""

from __future__ import annotations

import csv
import io

from rich.console import Console
from sample_record import sample_record

from synmedbench.benchmark import Record, ScoreRow
from synmedbench.reports import evaluation_csv, evaluation_markdown, evaluation_table


def a_row(**values) -> ScoreRow:
    given = {
        "generator": "synthetic",
        "imageset": "x",
        "extractor": "texture",
        "metric": "coverage",
        "seed": 0,
    }
    return ScoreRow(**{**given, "higher_is_better": True, **values})


def a_record(*rows: ScoreRow, notes: tuple[str, ...] = ()) -> Record:
    record = sample_record(seeds=1, kind="evaluation", ranking=None, ruler=[], cells=[], audits=[], claims=[])
    record.generators = record.generators[:1]
    record.generators[0].name = "synthetic"
    record.scores = list(rows)
    record.data.notes = list(notes)
    return record


def printed(record: Record, width: int = 100) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, color_system=None).print(evaluation_table(record))
    return out.getvalue().splitlines()


def squeezed(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())


def test_groups_stand_indented_below_their_metric() -> None:
    lines = printed(
        a_record(
            a_row(value=0.9, lo=0.8, hi=0.95),
            a_row(value=0.5, lo=0.3, hi=0.7, metric="precision"),
            a_row(value=0.2, lo=0.1, hi=0.3, stratum="label=nevus"),
            a_row(value=0.99, lo=0.9, hi=1.0, generator="real-holdout", stratum="label=nevus"),
        )
    )
    place = {line.strip().split("  ")[0]: number for number, line in enumerate(lines)}
    assert place["class nevus"] == place["Coverage ↑"] + 1
    assert lines[place["class nevus"]].startswith("   class nevus")
    assert "0.200 [0.100, 0.300]" in lines[place["class nevus"]]
    assert "0.990 [0.900, 1.000]" in lines[place["class nevus"]]
    assert place["Precision ↑"] < place["Coverage ↑"]


def test_a_metric_of_groups_alone_has_a_line_of_its_own() -> None:
    lines = printed(a_record(a_row(value=3.0, metric="frechet_distance_floor", stratum="label=a")))
    at = next(number for number, line in enumerate(lines) if "real to real" in line)
    assert lines[at + 1].strip().startswith("class a")


def test_nulls_say_how_few_or_refer_to_their_reason() -> None:
    text = squeezed(
        printed(
            a_record(
                a_row(reason="not enough data: 14 images in V-VI, 50 needed", stratum="skin_tone=V-VI"),
                a_row(reason="half of real: k = 5 neighbours asked for", stratum="skin_tone=I-II"),
            )
        )
    )
    assert "null (14 of 50)" in text
    assert "n images where m are needed" in text
    assert "null (1)" in text
    assert "(1) half of real: k = 5 neighbours asked for" in text


def test_notes_are_printed_below() -> None:
    lines = printed(a_record(a_row(value=0.1), notes=("the sets differ",)))
    assert any("note: the sets differ" in line for line in lines)


def test_long_names_are_folded_never_cut() -> None:
    name = "a-very-long-name-of-a-generator-that-does-not-fit" * 2
    lines = printed(
        a_record(a_row(value=0.5, lo=0.4, hi=0.6), a_row(value=0.7, lo=0.6, hi=0.8, generator=name)), 60
    )
    assert "…" not in "".join(lines)
    assert "0.700" in "".join(lines)
    assert "0.800]" in "".join(lines)


def test_options_stand_in_brackets() -> None:
    assert any(
        "Vendi score (q=2)" in line for line in printed(a_record(a_row(value=9.0, metric="vendi_score?q=2")))
    )


def test_csv_has_every_field_of_every_row_and_markdown_every_row() -> None:
    record = a_record(a_row(value=0.1 + 0.2), a_row(reason="a, b", stratum='label=x"y|z'))
    rows = list(csv.DictReader(io.StringIO(evaluation_csv(record))))
    assert float(rows[0]["value"]) == 0.1 + 0.2
    assert (rows[1]["value"], rows[1]["reason"], rows[1]["stratum"]) == ("", "a, b", 'label=x"y|z')
    assert list(rows[0]) == list(ScoreRow.model_fields)
    assert "label" not in evaluation_markdown(record)
    assert 'class x"y\\|z' in evaluation_markdown(record)


def test_an_empty_record_has_an_empty_table() -> None:
    assert printed(a_record())
    assert evaluation_csv(a_record()).count("\n") == 1
