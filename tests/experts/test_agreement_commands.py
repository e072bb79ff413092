"""The commands ratings agreement, plan and report, as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from rated_study import study
from test_comparisons import duels
from typer.testing import CliRunner

from synmedbench.cli import app
from synmedbench.core import UserError
from synmedbench.experts import RatingStore


def call(*words: str) -> str:
    found = CliRunner().invoke(app, list(words))
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found.output


@pytest.fixture
def store(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'r.db'}"
    kept = RatingStore(url)
    kept.add(study({"real": 0.9, "gan": 0.6}, n=40, name="first"))
    kept.close()
    return url


def test_agreement_in_all_formats(store: str) -> None:
    table = call("ratings", "agreement", store, "--by", "label", "--study", "first")
    assert "the ceiling" in table
    assert "Alpha" in table
    assert "class nevus" in table
    records = json.loads(call("ratings", "agreement", store, "--format", "json"))
    assert {"criterion", "measure", "value", "lo", "hi", "reason"} <= set(records[0])
    assert call("ratings", "agreement", store, "--format", "csv").startswith(
        "column,group,criterion,measure,value"
    )


def test_what_is_wrong_is_said(store: str, tmp_path: Path) -> None:
    for words, said in (
        (["agreement", store, "--study", "second"], "known: first"),
        (["agreement", store, "--by", "site"], "no column 'site'"),
        (["agreement", store, "--format", "xml"], "no format"),
        (["plan", "--by", "label"], "need a store"),
        (["plan", "--base", "2"], "base must lie"),
        (["report", store, "--out", str(tmp_path)], "a folder"),
        (["report", store, "--out", str(tmp_path / "x.html"), "--show-real"], "add --real SET"),
        (["report", f"sqlite:///{tmp_path / 'none.db'}", "--out", str(tmp_path / "x.html")], "none.db"),
    ):
        with pytest.raises(UserError, match=said):
            call("ratings", *words)
    assert not (tmp_path / "x.html").exists()


def test_an_empty_store_says_what_to_do(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'e.db'}"
    RatingStore(url).close()
    assert "synmedbench rate" in call("ratings", "agreement", url)
    assert "no verdicts yet" in call("ratings", "plan", url)
    assert call("ratings", "report", url, "--out", str(tmp_path / "e.html")).startswith("report:")


def test_plan_before_and_after(store: str) -> None:
    assert call("ratings", "plan", "--images", "64").startswith("not enough: 64 ratings")
    assert call("ratings", "plan", "--raters", "3", "--overlap", "1").startswith("to tell 0.80 from 0.90")
    assert "gan and real" in call("ratings", "plan", store)


def test_a_store_of_comparisons_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    kept = RatingStore(url)
    kept.add_preferences(duels({"real": 1.0, "gan": -1.0, "vae": 0.0}, n=60).assign(study="pairs"))
    kept.close()
    assert "60 comparisons" in call("ratings", "agreement", url, "--study", "pairs")
    call("ratings", "report", url, "--study", "pairs", "--out", str(tmp_path / "c.html"))
    page = (tmp_path / "c.html").read_text(encoding="utf-8")
    assert "Strengths from all pairs" in page
    assert "No image was rated by itself" in page
    assert page.index("real against all others: preferred in") < page.index("Win shares")


def test_studies_are_kept_apart(store: str) -> None:
    kept = RatingStore(store)
    other = study({"real": 0.9, "gan": 0.6}, n=40, name="second", seed=4)
    kept.add(other.assign(rater="dora " + other["rater"]))
    kept.close()
    first = pd.DataFrame(
        json.loads(call("ratings", "agreement", store, "--study", "first", "--format", "json"))
    )
    both = pd.DataFrame(json.loads(call("ratings", "agreement", store, "--format", "json")))
    assert first["n_raters"].max() == 3
    assert both["n_raters"].max() == 6
