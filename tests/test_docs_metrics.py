"""docs/metrics.md names every metric and every extractor, and its tables are those of a self-check."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
from self_check_sample import curve, document

from synmedbench.core import registry
from synmedbench.metrics import metric_cards

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = DOCS / "metrics.md"

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="runs on a checkout")


def named() -> set[str]:
    return set(re.findall(r"`([\w-]+)`", PAGE.read_text(encoding="utf-8")))


def test_every_metric_is_in_the_page():
    assert sorted({*metric_cards(), *registry("metrics").names()} - named()) == []


def test_every_extractor_is_in_the_page():
    assert sorted(set(registry("extractors").names()) - named()) == []


def test_every_metric_has_a_paragraph_of_its_own_beside_its_row():
    text = PAGE.read_text(encoding="utf-8")
    titles = set(re.findall(r"`([\w-]+)`", " ".join(re.findall(r"\*\*[^*\n]+\*\*", text))))
    assert sorted(set(metric_cards()) - titles) == []


@pytest.mark.parametrize("name", ["phantom", "pbc64"])
def test_the_tables_are_filled(name):
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.DOTALL)
    assert found is not None
    table = found.group(1)
    assert "Coverage, missing class" in table
    assert "the Frechet distance goes from" in table
    assert "Control" in table


def test_the_filler_writes_between_its_markers_and_nowhere_else():
    made = runpy.run_path(str(DOCS / "make_metrics.py"))
    sample = document(curve("coverage", "blur", (0.9, 0.5, 0.2), (0.5, 1.0), expected=-1))
    text = made["tables"](sample)
    assert "| Coverage | 0.5 |" in text
    page = "a\n<!-- phantom -->\nold\n<!-- /phantom -->\nb"
    assert made["filled"](page, "phantom", "new") == "a\n<!-- phantom -->\n\nnew\n<!-- /phantom -->\nb"
    with pytest.raises(SystemExit, match="nowhere"):
        made["filled"](page, "nowhere", "new")


@pytest.mark.parametrize("page", ["metrics.md", "footguns.md"])
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", (DOCS / page).read_text(encoding="utf-8")):
        assert (DOCS / target).exists(), target
