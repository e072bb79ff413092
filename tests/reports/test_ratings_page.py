"""The page of ratings: self-contained, honest where data are few, safe with any note."""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from markupsafe import Markup

sys.path.insert(0, str(Path(__file__).parents[1] / "experts"))

from rated_study import study

from synmedbench.core import UserError
from synmedbench.experts import RatingStore, load_criteria
from synmedbench.imagesets import ImageSet, Lineage
from synmedbench.reports import build_ratings_report

NASTY = '<script>alert("x")</script><img src=x onerror=alert(1)> & "soft" border'


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict]] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are made, but not turned into SVG, which takes most of a page's time."""
    monkeypatch.setattr("synmedbench.reports._blocks.svg", lambda figure, name, alt: Markup("<svg></svg>"))


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 12, 400])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_pages_of_any_size_are_drawn(n: int, share: float, tmp_path: Path) -> None:
    page = page_of(study({"real": 1.0, "gan": share, "vae": share}, n=n, slip=0.0), tmp_path)
    assert page.rstrip().endswith("</html>")


def page_of(ratings: pd.DataFrame, folder: Path, **more) -> str:
    store = RatingStore("sqlite://")
    store.add(ratings)
    path = build_ratings_report(store, folder / "ratings.html", **more)
    return path.read_text(encoding="utf-8")


def tags(page: str) -> list[tuple[str, dict]]:
    parser = Tags()
    parser.feed(page)
    return parser.found


def drawn(n: int, *, seed: int, generator: str | None) -> ImageSet:
    pixels = np.random.default_rng(seed).integers(0, 256, (n, 24, 24, 3), dtype=np.uint8)
    name = generator or "real"
    table = pd.DataFrame({"file_name": [f"{name}-{i}.png" for i in range(n)], "label": "nevus"})
    images = ImageSet.from_arrays(pixels, table)
    return images.map(lambda x: x, lineage=Lineage(generator, 0, "x")) if generator else images


def with_pixels(ratings: pd.DataFrame, *sets: ImageSet) -> pd.DataFrame:
    keys = {
        name: key for images in sets
        for name, key in zip(images.column("file_name"), images.image_keys, strict=True)
    }  # fmt: skip
    return ratings.assign(image_key=ratings["image"].map(keys))


def test_the_page_loads_nothing_and_leads_with_verdicts(tmp_path: Path) -> None:
    page = page_of(study({"real": 0.95, "gan": 0.5}, n=60), tmp_path)
    found = tags(page)
    assert not [tag for tag, _ in found if tag in ("script", "link", "iframe", "img")]
    assert page.index("shown to be less plausible than real") < page.index(
        "How plausible, beside the ceiling"
    )
    assert page.count("<svg") >= 5
    assert "nan" not in page.replace("nance", "").lower()
    ids = [given["id"] for _, given in found if "id" in given]
    assert len(ids) == len(set(ids))
    targets = {
        given["href"][1:] for tag, given in found if tag == "a" and given.get("href", "").startswith("#")
    }
    assert targets <= set(ids)


def test_notes_and_names_are_text(tmp_path: Path) -> None:
    ratings = study({"real": 0.9, "gan": 0.3}, n=12)
    notes = ratings[ratings["plausible"] == 0].drop_duplicates(["rater", "image", "repeat"])
    notes = notes.assign(event_id="n" + notes["event_id"], criterion="note", answer=NASTY)
    nasty = pd.concat([ratings, notes], ignore_index=True)
    nasty = nasty.assign(
        rater=nasty["rater"] + NASTY, image=NASTY + nasty["image"], origin=nasty["origin"] + " <b>"
    )
    page = page_of(nasty, tmp_path)
    assert "<script" not in page
    assert "onerror" in page
    assert not [given for _, given in tags(page) if "onerror" in given]


def test_pictures_are_synthetic_unless_asked_for(tmp_path: Path, undrawn: None) -> None:
    made, real = drawn(20, seed=1, generator="gan"), drawn(20, seed=2, generator=None)
    ratings = with_pixels(study({"real": 0.4, "gan": 0.4}, n=20), made, real).assign(origin=None)
    sets = {"images": [made], "real": real}
    shown = [given["alt"] for tag, given in tags(page_of(ratings, tmp_path, **sets)) if tag == "img"]
    assert shown
    assert all("gan-" in name for name in shown)
    page = page_of(ratings, tmp_path, show_real=True, **sets)
    assert any("real-" in given["alt"] for tag, given in tags(page) if tag == "img")
    assert "images of patients" in page
    assert "The ceiling:" in page  # whose an image is came from the sets, the store did not know
    without = page_of(ratings.assign(origin="gan"), tmp_path)
    assert "<img" not in without
    with pytest.raises(UserError, match="add --real SET"):
        page_of(ratings, tmp_path, show_real=True)


def test_ratings_of_unknown_images_are_counted_and_told(tmp_path: Path, undrawn: None) -> None:
    made = drawn(20, seed=1, generator="gan")
    page = page_of(study({"real": 0.9, "gan": 0.5}, n=20), tmp_path, images=[made])
    assert "rated images are in none of the sets" in page


@pytest.mark.parametrize(
    "part",
    ["nothing", "one image", "one rater", "no real", "only real", "no overlap", "no repeats", "no origin", "no verdict",
     "all withdrawn",
     "no questions", "all passed", "all failed", "no seconds", "no label"],
)  # fmt: skip
def test_odd_stores_give_a_sane_page(part: str, tmp_path: Path, undrawn: None) -> None:
    t = study({"real": 0.9, "gan": 0.5}, n=24, overlap=0.0 if part == "no overlap" else 0.4,
              repeats=0.0 if part == "no repeats" else 0.3)  # fmt: skip
    given = {
        "nothing": t.iloc[:0], "one image": t[t["image"] == t["image"].iloc[0]], "one rater": t[t["rater"] == "anna"],
        "no real": t[t["origin"] == "gan"], "only real": t[t["origin"] == "real"], "no origin": t.assign(origin=None),
        "no verdict": t.assign(plausible=None), "all withdrawn": pd.concat(
            [t, t.assign(event_id="u" + t["event_id"], withdrawn=1, plausible=None)]
        ), "no questions": t[t["criterion"] == "verdict"],
        "all passed": t.assign(plausible=1), "all failed": t.assign(plausible=0),
        "no seconds": t.assign(seconds=None, time=None), "no label": t.assign(label=None, requested=None),
    }  # fmt: skip
    page = page_of(given.get(part, t), tmp_path)
    assert page.rstrip().endswith("</html>")
    text = "".join(piece.partition(">")[2] for piece in page.partition("</style>")[2].split("<"))
    assert " nan" not in text
    assert "None" not in text
    assert "[–" not in text
    said = {
        "nothing": "Nothing can be said", "one rater": "there is one rater", "no real": "ceiling cannot be known",
        "no overlap": "no image was rated by two", "no verdict": "Nothing can be said",
        "all withdrawn": "Nothing can be said",
        "one image": "not enough data", "all failed": "0.000 [0.000",
    }  # fmt: skip
    assert said.get(part, "What the ratings show") in page


def test_only_studies_are_said_to_be_random_and_blinded(tmp_path: Path, undrawn: None) -> None:
    ratings = study({"real": 0.9, "gan": 0.5}, n=40)
    said = ("The order of images is random", "blinded real images")
    page = page_of(ratings, tmp_path)
    assert all(each in page for each in said)
    page = page_of(ratings.assign(study=None), tmp_path)
    assert not [each for each in said if each in page]
    assert "real images pass" in page


def test_a_reason_is_said_once_a_row(tmp_path: Path, undrawn: None) -> None:
    page = page_of(study({"real": 0.9, "gan": 0.5}, n=6), tmp_path)
    table = page.partition('id="plausibility-all"')[2].partition("</table>")[0]
    rows = [row for row in table.split("<tr")[2:] if "not enough data" in row]
    assert rows
    assert all(row.count("not enough data") == 1 for row in rows)


def test_verdicts_of_many_raters_are_said_to_be_corrected(tmp_path: Path, undrawn: None) -> None:
    ratings = study({"real": 0.9, "gan": 0.1}, n=40)
    assert "after Holm&#39;s correction over the raters" in page_of(ratings, tmp_path)
    assert "correction over the raters" not in page_of(ratings[ratings["rater"] == "anna"], tmp_path)


def test_criteria_stand_in_the_order_of_the_studys_set(tmp_path: Path, undrawn: None) -> None:
    ratings = study({"real": 0.9, "gan": 0.5}, n=40, overlap=1.0).assign(
        criteria_version=load_criteria("skin").version
    )
    rows = page_of(ratings, tmp_path).partition('id="agreement-all"')[2].partition("</table>")[0]
    places = [rows.index(f'data-sort="{name}"') for name in ("verdict", "size", "colour", "realism")]
    assert places == sorted(places)


def test_any_requested_column_and_a_strange_one(tmp_path: Path, undrawn: None) -> None:
    ratings = study({"real": 0.9, "gan": 0.5}, n=40)
    ratings["requested"] = [text.replace("skin_tone", "body_site") for text in ratings["requested"]]
    assert "By body site" in page_of(ratings, tmp_path, by=["body_site"])
    with pytest.raises(UserError, match="requested columns: label, body_site"):
        page_of(ratings, tmp_path, by=["scanner"])
