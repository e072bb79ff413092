"""Criteria files, export and import as a user types them."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import call, one_line
from rated_tables import event_rows

from synmedbench.experts import RatingStore, check_ratings


@pytest.fixture
def store(tmp_path: Path) -> str:
    import pandas as pd

    url = f"sqlite:///{tmp_path / 'ratings.db'}"
    rows = event_rows("e1", "anna", "x.png", plausible=1, answers={"size": "yes"})
    rows += event_rows("e2", "anna", "y.png", plausible=0, answers={"size": "no", "note": "Naht, links"})
    RatingStore(url).add(check_ratings(pd.DataFrame(rows)))
    return url


def test_a_new_criteria_file_is_valid_and_a_broken_one_is_told_by_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    assert call("new", "criteria", "mine", "--out", path).returncode == 0
    done = call("validate", path)
    *warnings, last = done.stdout.splitlines()
    assert (done.returncode, last) == (0, f"{path}: valid criteria 'mine', version 1, 3 questions")
    assert warnings[0] == f"warning: {path}: title: still the template's; raters read it"
    assert all(line.startswith(f"warning: {path}: ") for line in warnings)
    assert call("new", "criteria", "mine", "--out", path).returncode == 1
    text = path.read_text(encoding="utf-8").replace("version: 1", "version: zero").replace("title:", "titel:")
    path.write_text(text, encoding="utf-8")
    done = call("validate", path)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[-1] == f"{path}: 3 error(s)"
    assert all(line.startswith(f"error: {path}: ") for line in lines[:-1])
    assert any("did you mean 'title'?" in line and "line " in line for line in lines)


def test_recipes_and_built_in_criteria_are_still_validated() -> None:
    assert "a valid recipe" in call("validate", "quickstart").stdout
    assert "valid criteria 'blood'" in call("validate", "blood").stdout


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file is empty"),
        (b"# nothing\n", "the file is empty"),
        (b"- one\n- two\n", "the file is no mapping"),
        (b"\xff\xfe\x00\x01", "not UTF-8"),
        (b"part:\n\tname: x\n", "a tab: YAML is indented by spaces alone"),
    ],
)
def test_yaml_that_is_neither_recipe_nor_criteria_says_what_there_is(
    content: bytes, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "odd.yaml"
    path.write_bytes(content)
    done = call("validate", path)
    assert done.returncode == 1
    for words in (told, "neither a recipe nor criteria", "'imageset'", "synmedbench new criteria"):
        assert words in one_line(done)


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("events", "e.csv"),
        ("ratings", "r.parquet"),
        ("label-studio", "l.json"),
        ("preference-events", "p.csv"),
    ],
)
def test_forms_go_out_and_in(store: str, form: str, name: str, tmp_path: Path) -> None:
    done = call("ratings", "export", store, "--form", form, "--out", tmp_path / name)
    assert done.returncode == 0, done.stderr
    other = f"sqlite:///{tmp_path / 'other.db'}"
    done = call("ratings", "import", other, tmp_path / name)
    if form == "preference-events":
        assert "the file holds no rows" in one_line(done)
        return
    assert done.stdout == "5 new rows\n"
    assert call("ratings", "import", other, tmp_path / name).stdout == "0 new rows\n"
    assert len(RatingStore(other).ratings()) == 5


def test_what_is_left_out_of_pairs_is_told(store: str, tmp_path: Path) -> None:
    done = call("ratings", "export", store, "--form", "preferences", "--out", tmp_path / "p.jsonl")
    assert "verdicts: 1 pair, 0 ties left out" in done.stdout
    assert (
        (tmp_path / "p.jsonl")
        .read_text(encoding="utf-8")
        .startswith('{"chosen": "x.png", "rejected": "y.png"')
    )


def test_faults_are_one_line_each(store: str, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("image,plausible\nz.png,1\n", encoding="utf-8")
    for words, expected in (
        (("export", store, "--out", tmp_path / "x.csv", "--form", "rating"), "did you mean 'ratings'"),
        (("export", store, "--out", tmp_path / "x.json"), "written as .csv or .parquet"),
        (("export", store, "--out", tmp_path / "x.csv", "--study", "s"), "no ratings of study 's'"),
        (("import", store, table), "whose judgement?"),
        (("import", store, table, "--rater", "anna"), "1 image is not in the store: 'z.png'"),
        (("import", store, table, "--criteria", "skni"), "did you mean 'skin'"),
        (("import", store, tmp_path / "none.csv"), "does not exist"),
    ):
        done = call("ratings", *words)
        assert done.returncode == 1
        assert expected in one_line(done)
