"""The page of an explanation: self-contained, safe with any file name."""

from __future__ import annotations

import io
import json
from html.parser import HTMLParser

import numpy as np
import pytest
from rich.console import Console

from synmedbench.benchmark import Explained, Explanation, ShownImage
from synmedbench.benchmark._explain import Other, StratumShare
from synmedbench.core import UserError
from synmedbench.reports import build_explanation, explanation_tables

NASTY = '<script>alert("x")</script> & ünd [red].png'


@pytest.fixture
def explained() -> Explained:
    image = ShownImage("real", 3, NASTY, "nevus", 1.5, "nothing covers it", Other("synthetic", 1, "b.png"))
    endless = ShownImage("real", 4, "c.png", "nevus", None, "infinitely far")
    coverage = Explanation("coverage", "texture", "label", 0.25, "3 of 4 real images", [image, endless],
                           [StratumShare("real", "nevus", 4, 3, None)])  # fmt: skip
    distance = Explanation("kernel_distance", "texture", None, 0.1, "the distance is 0.1",
                           [ShownImage("synthetic", 0, "a.png", "", 0.01, "without it 0.09")])  # fmt: skip
    missing = Explanation("precision", "texture", None, None, "cannot be told: too few", reason="too few")
    pixels = np.zeros((8, 12, 3), np.uint8)
    pictures = {("real", 3): pixels, ("real", 4): pixels, ("synthetic", 1): pixels, ("synthetic", 0): pixels}
    return Explained("fake", "real", None, [coverage, distance, missing], ["sizes differ"], pictures)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict]] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_the_page_holds_its_images_and_loads_nothing(explained, tmp_path):
    (page,) = build_explanation(explained, tmp_path / "x.html")
    tags = Tags()
    tags.feed(page.read_text(encoding="utf-8"))
    pictures = [given["src"] for tag, given in tags.found if tag == "img"]
    assert len(pictures) == 4
    assert all(source.startswith("data:image/png;base64,") for source in pictures)
    assert not [tag for tag, _ in tags.found if tag in ("script", "link", "iframe")]
    assert "images of patients" in page.read_text(encoding="utf-8")


def test_without_pictures_the_table_stands_alone(explained, tmp_path):
    bare = Explained("f.npy", "r.npy", None, explained.explanations, [])
    (page,) = build_explanation(bare, tmp_path / "x.html")
    assert "<img" not in page.read_text(encoding="utf-8")
    assert "nothing covers it" in page.read_text(encoding="utf-8")


def test_a_folder_holds_page_and_document(explained, tmp_path):
    page, document = build_explanation(explained, tmp_path / "out")
    assert page.name == "explain.html"
    assert (
        json.loads(document.read_text(encoding="utf-8"))["explanations"][0]["images"][0]["file_name"] == NASTY
    )
    (alone,) = build_explanation(explained, tmp_path / "only.json")
    assert json.loads(alone.read_text(encoding="utf-8"))["explanations"][0]["images"][1]["amount"] is None
    (tmp_path / "d.html").mkdir()
    with pytest.raises(UserError, match="it is a folder"):
        build_explanation(explained, tmp_path / "d.html")


def test_the_terminal_shows_names_as_they_are(explained):
    out = io.StringIO()
    for table in explanation_tables(explained):
        Console(file=out, width=300, color_system=None).print(table)
    assert NASTY in out.getvalue()
    assert "nevus 3 of 4" in out.getvalue()
    assert "cannot be told: too few" in out.getvalue()
