"""The run report: complete, self-contained, escaped, and alive when parts are missing."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from sample_record import sample_record, thin_record, write_sample

from synmedbench.benchmark import Record, write_record
from synmedbench.core import UserError
from synmedbench.reports import build_report

EVIL = "<script>alert('x')</script>"
VOID = {"meta", "img", "br", "input", "link", "hr"}


class Page(HTMLParser):
    """Collects ids, links and sources, and checks that every tag is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.tags: Counter[str] = Counter()
        self.images_without_alt = 0
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        given = dict(attrs)
        self.ids += [given["id"]] if given.get("id") else []
        self.links += [given["href"]] if given.get("href") else []
        self.sources += [given["src"]] if given.get("src") else []
        self.images_without_alt += tag == "img" and not given.get("alt")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page_of(folder: Path, record: Record, *, gallery: bool = False) -> tuple[str, Page]:
    folder.mkdir(parents=True, exist_ok=True)
    if gallery:
        write_sample(folder, record)
    else:
        write_record(record, folder / "record.json")
    text = build_report(folder).read_text(encoding="utf-8")
    return text, Page(text)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Page]:
    return page_of(tmp_path_factory.mktemp("run"), sample_record(), gallery=True)


def test_it_opens_with_the_claims_and_says_each_verdict(whole: tuple[str, Page]) -> None:
    text, _ = whole
    places = [
        text.index(f'id="{part}"')
        for part in ("claims", "run", "memorisation", "samples", "scores", "limits")
    ]
    assert places == sorted(places)
    ledger = text[text.index('class="ledger"') : text.index('id="run"')]
    for claim in sample_record().claims:
        assert claim.sentence in ledger
    for verdict in ("shown", "not shown", "cannot be known from these data"):
        assert f">{verdict}</span>" in ledger
    assert "0.004" in ledger
    assert "[-0.012, 0.020]" in ledger


def test_claims_link_to_the_section_that_bears_them(whole: tuple[str, Page]) -> None:
    ledger = whole[0][whole[0].index('class="ledger"') : whole[0].index('id="run"')]
    links = re.findall(r'<a href="#([^"]+)">Evidence', ledger)
    assert links == ["scores", "memorisation", "plausibility", "utility"]


def test_it_needs_nothing_but_itself(whole: tuple[str, Page]) -> None:
    text, page = whole
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert all(link.startswith("#") for link in page.links)
    assert set(re.findall(r"https?://[\w./]+", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert page.tags["script"] == 0
    assert len(text) < 10_000_000


def test_every_link_has_its_target_and_no_id_is_used_twice(whole: tuple[str, Page]) -> None:
    _, page = whole
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert max(Counter(page.ids).values()) == 1


def test_every_image_and_figure_has_its_words(whole: tuple[str, Page]) -> None:
    text, page = whole
    assert page.images_without_alt == 0
    figures = re.findall(r"<svg [^>]*>", text)
    assert len(figures) >= 6
    assert all('role="img"' in figure and 'aria-label="' in figure for figure in figures)
    for figure in re.findall(r"<figure>.*?</section>", text, flags=re.S):
        assert "<table" in figure


def test_it_says_what_was_run_what_failed_and_what_is_not_known(whole: tuple[str, Page]) -> None:
    text, _ = whole
    for words in (
        "Apache-2.0",
        "phantom-derm",
        "open-set",
        "3 min 30 s",
        "the weights are not there",
        "simulated",
    ):
        assert words in text
    assert "not enough data: 14 images in V-VI, 50 needed" in text
    assert "2306.12438" in text
    assert "2308.12453" in text
    assert "2 seeds: 5 are needed" in text


def test_two_builds_are_equal_to_the_byte(tmp_path: Path) -> None:
    run = write_sample(tmp_path / "run", thin_record())
    first = build_report(run, tmp_path / "a.html").read_bytes()
    assert first == build_report(run / "record.json", tmp_path / "b.html").read_bytes()


def test_names_and_labels_cannot_become_markup(tmp_path: Path) -> None:
    record = sample_record(rename={"diffusion": EVIL, "draft": "Größe 生成 $x_1$"}, name=EVIL)
    record.data.classes = [EVIL, *record.data.classes[1:]]
    record.data.licence = f'"{EVIL}'
    record.claims[0].words = EVIL
    record.failed[0].error = f"{EVIL}\x00\x1b[31m"
    text, page = page_of(tmp_path / "run", record, gallery=True)
    assert page.tags["script"] == 0
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "Größe 生成 $x_1$" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    "missing",
    ["claims", "audits", "memorisation", "ruler", "scores", "cells", "failed", "generators", "seeds"],
)
def test_it_survives_a_missing_part(tmp_path: Path, missing: str) -> None:
    page_of(tmp_path / "run", thin_record(**{missing: []}))


def test_a_record_with_nothing_in_it_says_so(tmp_path: Path) -> None:
    empty = ("claims", "audits", "memorisation", "ruler", "scores", "cells", "failed", "generators")
    record = thin_record(ranking=None, judges={}, durations={}, **{key: [] for key in empty})
    record.data.strata, record.data.splits, record.data.classes = {}, {}, []
    text, page = page_of(tmp_path / "run", record)
    said = (
        "No claim was registered",
        "not measured in this run",
        "No classifier was trained",
        "No judge looked",
    )
    for words in said:
        assert words in text
    assert {link[1:] for link in page.links} <= set(page.ids)


def test_null_values_everywhere_show_their_reasons(tmp_path: Path) -> None:
    record = thin_record()
    for rows in (record.scores, record.cells):
        for row in rows:
            row.value = row.lo = row.hi = None
            row.reason = "not enough data: 3 images, 50 needed"
    for row in record.ranking.rows if record.ranking else []:
        row.rank, row.value, row.lo, row.hi, row.reason = None, None, None, None, "no score"
    text, _ = page_of(tmp_path / "run", record)
    assert "not enough data: 3 images, 50 needed" in text
    assert "No generator could be ranked" in text


def test_one_generator_and_one_seed(tmp_path: Path) -> None:
    record = thin_record()
    keep = {"diffusion"}
    record.generators = [entry for entry in record.generators if entry.name in keep]
    record.scores = [row for row in record.scores if row.generator in keep]
    record.memorisation = [row for row in record.memorisation if row.generator in keep]
    assert record.ranking is not None
    record.ranking.rows = [row for row in record.ranking.rows if row.generator in keep]
    text, _ = page_of(tmp_path / "run", record)
    assert "1 seed:" in text


def test_hundreds_of_generators_stay_small(tmp_path: Path) -> None:
    record = thin_record()
    template = next(entry for entry in record.generators if entry.name == "diffusion")
    rows = [row for row in record.scores if row.generator == "diffusion"]
    for number in range(300):
        record.generators.append(template.model_copy(update={"name": f"g{number}"}))
        record.scores += [row.model_copy(update={"generator": f"g{number}"}) for row in rows]
    text, _ = page_of(tmp_path / "run", record)
    assert "g299" in text
    assert len(text) < 10_000_000


def test_a_broken_gallery_is_left_out(tmp_path: Path) -> None:
    run = write_sample(tmp_path / "run", thin_record())
    (run / "gallery" / "diffusion.npz").write_bytes(b"PK\x03\x04 not an archive")
    np.savez(run / "gallery" / "draft.npz", images=np.zeros((2, 3), np.uint8), labels=np.array(["a", "b"]))
    text = build_report(run).read_text(encoding="utf-8")
    assert "copy images of melanoma" in text
    assert "diffusion images of melanoma" not in text
    assert "draft images of melanoma" not in text


def test_large_images_are_shown_small(tmp_path: Path) -> None:
    record = thin_record()
    run = write_sample(tmp_path / "run", record, side=128)
    assert build_report(run).stat().st_size < 10_000_000


def test_a_folder_without_a_record_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no record"):
        build_report(tmp_path)
    run = write_sample(tmp_path / "run", thin_record())
    with pytest.raises(UserError, match="is a folder"):
        build_report(run, tmp_path)
