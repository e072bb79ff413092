"""What the page looks like: narrow screens, touch, zoom, comparison, dark, help; and what it must not show."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rater_page import RaterPage, answers, verdicts
from rating_studies import noise_set, url
from serving import running_server

from synmedbench.experts import RatingStore, StudySettings, load_criteria, open_study
from synmedbench.imagesets import About, ImageSet

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 3,
}
TABLET = {
    "viewport": {"width": 820, "height": 1180},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
LYING = {**TABLET, "viewport": {"width": 1180, "height": 820}}


def inside(page: RaterPage, selector: str) -> dict[str, float]:
    """The box of a part, which must lie within the window."""
    box, window = page.box(selector), page.page.viewport_size
    assert box["x"] >= -0.5, selector
    assert box["y"] >= -0.5, selector
    assert box["x"] + box["width"] <= window["width"] + 0.5, selector
    assert box["y"] + box["height"] <= window["height"] + 0.5, selector
    return box


@pytest.mark.parametrize("look", [PHONE, TABLET, LYING], ids=["phone", "tablet", "lying tablet"])
def test_a_session_by_touch(anna, look):
    study, page = anna(n=2, n_real=0, side=96, look=look)
    image = inside(page, ".frame img")
    assert image["width"] >= 0.5 * min(look["viewport"].values()), "the image is the largest thing"
    for name in ("plausible", "implausible"):
        button = inside(page, f"button.{name}")
        assert button["height"] >= 44
        assert button["width"] >= 44
    assert page.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.page.tap("button.implausible")
    page.page.tap("#checklist li:nth-child(6) button[data-answer=no]")
    page.page.tap("#checklist li:nth-child(2) button[data-answer='cannot tell']")
    inside(page, "button.save")
    page.page.tap("#realism .steps button:nth-child(2)")
    page.page.tap("button.save")
    page.at(1).page.tap("#undo")
    page.at(0).page.tap("button.save")
    page.at(1).page.tap("button.plausible")
    page.screen("done")
    assert verdicts(study) == [0, 1]
    first = answers(study)[0]
    assert (first[study.criteria.ids[5]], first[study.criteria.ids[1]], first["realism"]) == (
        "no",
        "cannot tell",
        "2",
    )


def test_fingers_zoom_and_move(anna):
    _, page = anna(n=1, n_real=0, side=96, look=TABLET)
    before = page.box(".frame img")
    x, y = before["x"] + before["width"] / 2, before["y"] + before["height"] / 2
    touch(page, [(x - 40, y), (x + 40, y)], [(x - 120, y), (x + 120, y)])
    after = page.box(".frame img")
    assert after["width"] > 2 * before["width"]
    touch(page, [(x, y)], [(x - 60, y)])
    assert page.box(".frame img")["x"] == pytest.approx(after["x"] - 60, abs=2)


def between(a: tuple[float, float], b: tuple[float, float], share: float) -> tuple[float, float]:
    """The point at that share of the way."""
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share


def touch(page: RaterPage, start: list[tuple[float, float]], end: list[tuple[float, float]]) -> None:
    """Put fingers down, move them in ten steps, lift them."""
    line = page.context.new_cdp_session(page.page)

    def send(kind: str, points: list[tuple[float, float]]) -> None:
        fingers = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        line.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    send("touchStart", start)
    for step in range(1, 11):
        send("touchMove", [between(a, b, step / 10) for a, b in zip(start, end, strict=True)])
    send("touchEnd", [])


def test_zoom_by_keys_wheel_and_mouse_shows_true_pixels(anna):
    _, page = anna(n=2, n_real=0, side=64)

    def scale() -> float:
        return page.box(".frame img")["width"] / 64

    whole = scale()
    assert whole == int(whole), "every pixel is as wide as its neighbour"
    assert whole * 64 >= 0.7 * page.box("#stage")["height"]
    style = page.page.evaluate("() => getComputedStyle(document.querySelector('.frame img')).imageRendering")
    assert style == "pixelated"
    page.press("+")
    assert scale() > whole
    page.press("-")
    assert scale() == whole
    page.press("z")
    assert scale() == 2 * whole
    assert f"shown {2 * whole:.0f}×" in page.text("#scale")
    box = page.box("#stage")
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    here = page.box(".frame img")
    page.page.mouse.move(*middle)
    page.page.mouse.down()
    page.page.mouse.move(middle[0] + 30, middle[1] + 20)
    page.page.mouse.up()
    moved = page.box(".frame img")
    assert (moved["x"] - here["x"], moved["y"] - here["y"]) == pytest.approx((30, 20), abs=1)
    page.press("Shift+ArrowLeft")
    assert page.box(".frame img")["x"] > moved["x"]
    page.page.mouse.wheel(0, 3000)
    page.page.wait_for_function(
        "width => document.querySelector('.frame img').offsetWidth === width", arg=64 * whole
    )
    page.page.mouse.wheel(0, -300)
    page.page.wait_for_function(
        "width => document.querySelector('.frame img').offsetWidth > width", arg=64 * whole
    )
    page.rate("1")
    page.open()
    assert scale() == whole, "the next image is whole again"


def test_a_whole_image_can_be_made_smaller_for_good(anna, visit):
    _, page = anna(n=3, n_real=0)

    def scale() -> float:
        return page.box(".frame img")["width"] / 24

    assert scale() == 12, "small images are not blown up to blocks"
    seen = [scale()]
    for _ in range(12):
        page.press("-")
        seen.append(scale())
    assert seen[:4] == [12, 9, 7, 5]
    assert seen[-2:] == [2, 2], "no smaller than twice"
    page.press("+", "+")
    assert scale() == 4
    page.rate("1")
    page.open()
    assert scale() == 4, "it stays for the next image"
    page.press("z")
    assert scale() == 8
    page.press("z")
    assert scale() == 4
    page.saved().page.reload()
    page.open()
    assert scale() == 4, "and outlives the page"
    for _ in range(12):
        page.press("+")
    assert page.page.query_selector(".frame.zoomed"), "beyond the frame"
    page.rate("1")
    page.open()
    assert not page.page.query_selector(".frame.zoomed"), "a zoom beyond the frame does not stay"
    assert page.box(".frame img")["height"] >= 0.9 * page.box("#stage")["height"], "the frame is filled"


def test_codes_are_shown_by_name_and_tone_is_not_asked_unrequested(visit, tmp_path):
    made = noise_set(2, 1, generator="gan")
    images = ImageSet.from_arrays(
        np.stack([made.image(i) for i in range(2)]), pd.DataFrame({"label": ["mel", "mel"]}), about=About("made")
    )
    asked = StudySettings(name="skin", raters=("anna",), repeats=0)
    study = open_study(RatingStore(url(tmp_path)), [images], load_criteria("skin"), asked)
    with closing(study), running_server(study) as base:
        page = visit(f"{base}/r/{study.link_token('anna')}").begin()
        assert page.text("#wish") == "Melanoma"
        assert "Requested: melanoma." in page.page.get_attribute("#stage", "aria-label")
        assert "asymmetric" in page.text("#checklist")
        assert "Fitzpatrick" not in page.page.content()
        page.rate("1")
        page.saved()
    rows = study.store.ratings()
    assert set(rows["label"]) == {"mel"}, "ratings keep the code"
    assert "tone" not in set(rows["criterion"])


def test_an_image_that_must_be_smoothed_says_so(anna):
    _, page = anna(n=1, n_real=0, side=400)
    assert "smoothed" in page.text("#scale")
    page.press("z")
    assert page.text("#scale").endswith("shown 3×"), "true pixels again"


def test_comparison(anna):
    study, page = anna(n=8, n_real=0, mode="compare")
    left, right = page.box(".frame:nth-child(1) img"), page.box(".frame:nth-child(2) img")
    assert left["x"] + left["width"] < right["x"]
    assert left["y"] == right["y"]
    assert len(page.text("#checklist").splitlines()) >= len(study.criteria.ids), (
        "what to look at stands below"
    )
    page.press("+")
    assert (
        page.box(".frame:nth-child(1) img")["width"]
        == page.box(".frame:nth-child(2) img")["width"]
        > left["width"]
    )
    keys = ["ArrowLeft", "ArrowRight", "=", "ArrowLeft"]
    total = study.progress("anna").total
    for place in range(total):
        page.rate(keys[place % 4])
    page.press("u").at(total - 1).rate("=")
    page.screen("done")
    kept = study.store.preferences()
    assert kept["withdrawn"].sum() == 1
    sides = {"a": {"a": "left", "b": "right"}, "b": {"b": "left", "a": "right"}}
    said = [sides[row.left].get(row.preferred, "equal") for row in kept[kept["withdrawn"] == 0].itertuples()]
    wanted = [{"ArrowLeft": "left", "ArrowRight": "right", "=": "equal"}[keys[i % 4]] for i in range(total)]
    assert said == [*wanted, "equal"]


def test_comparison_on_a_phone_stands_one_above_the_other(anna):
    study, page = anna(n=4, n_real=0, mode="compare", look=PHONE)
    upper, lower = inside(page, ".frame:nth-child(1) img"), inside(page, ".frame:nth-child(2) img")
    assert upper["y"] + upper["height"] <= lower["y"]
    assert page.text("#verdicts").split() == ["Upper", "Equal", "Lower"]
    page.page.tap("button.right")
    page.saved()
    row = study.store.preferences().iloc[0]
    assert row["preferred"] != row["left"]


def test_dark_and_light(anna):
    _, page = anna(n=2, n_real=0, look={"color_scheme": "dark"})

    def brightness() -> int:
        colour = page.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))

    assert brightness() < 150
    page.press("d")
    assert brightness() > 700
    page.rate("1")
    page.open()
    page.saved().page.reload()
    page.open()
    assert brightness() > 700, "the choice outlives the page"


def test_help_lists_the_keys_and_stops_the_clock(anna):
    study, page = anna(n=1, n_real=0)
    page.press("?")
    words = page.text("#help")
    for part in ("plausible", "implausible", "take the last answer back", "zoom", "realism", "dark or light"):
        assert part in words
    assert study.criteria.questions[0].text in words
    opened = page.clock()
    page.page.wait_for_timeout(1500)
    page.press("1")
    assert page.page.is_visible("#help"), "keys do not rate behind the help"
    read = page.clock() - opened
    page.press("?").page.wait_for_selector("#help", state="hidden")
    page.rate("1")
    page.screen("done")
    assert study.store.ratings()["seconds"].max() <= page.clock() - read


def test_time_in_another_tab_does_not_count(anna):
    study, page = anna(n=1, n_real=0)
    hide = """hidden => {
        Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
    }"""
    page.page.evaluate(hide, True)
    left = page.clock()
    page.page.wait_for_timeout(1500)
    away = page.clock() - left
    page.page.evaluate(hide, False)
    page.rate("1")
    page.screen("done")
    assert study.store.ratings()["seconds"].max() <= page.clock() - away


def test_a_held_or_bouncing_key_judges_one_image(anna):
    study, page = anna(n=4, n_real=0)
    page.page.keyboard.down("1")
    for _ in range(20):
        page.page.keyboard.down("1")
    page.at(1)
    for _ in range(5):
        page.page.keyboard.down("1")
    page.page.keyboard.up("1")
    page.press("Control+1", "Alt+1")
    page.rate("1")
    page.press("1", "1")
    assert page.at(2).text("#count").startswith("2 of 4")
    page.saved()
    assert verdicts(study) == [1, 1]


def test_a_mouse_click_leaves_enter_to_the_page(anna):
    study, page = anna(n=2, n_real=0)
    page.page.click("button.implausible")
    page.page.click("#checklist li:nth-child(3) button[data-answer=no]")
    page.rate("Enter")
    page.page.click("#checklist li:nth-child(1) .words")
    page.rate("Enter")
    page.screen("done")
    said = [[each[name] for name in study.criteria.ids].index("no") for each in answers(study)]
    assert said == [2, 0]


def test_screen_readers_and_the_keyboard_find_their_way(anna):
    _, page = anna(n=2, n_real=0)
    assert "1 of 2. Requested:" in page.text("#spoken")
    assert page.page.get_attribute("#bar", "aria-valuetext") == "0 of 2 judged"
    nameless = page.page.evaluate(
        "() => [...document.querySelectorAll('button, textarea')].filter((each) => each.offsetParent"
        " && !(each.ariaLabel || each.textContent.trim() || each.labels?.length)).map((each) => each.outerHTML)"
    )
    assert nameless == []
    page.press("Tab")
    outline = page.page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "what has the focus is seen"
    page.page.focus("button.implausible")
    page.press("Enter")
    assert page.page.get_attribute("button.implausible", "aria-pressed") == "true"
    page.page.focus("button.save")
    page.rate("Space")
    assert "2 of 2. Requested:" in page.page.wait_for_selector("#spoken:has-text('2 of 2')").inner_text()


def test_nothing_shown_or_asked_for_names_a_file_or_an_origin(anna):
    study, page = anna(n=4, n_real=4)
    told: list[str] = []
    page.page.on("response", lambda reply: told.append(str(reply.headers)))
    for _ in range(study.progress("anna").total):
        told.append(page.page.content())
        page.rate("1")
    page.screen("done")
    told += page.requests
    kept = study.store.ratings()
    assert set(kept["origin"]) == {"real", "diffusion"}
    names = {*kept["image"], *kept["image_key"], *kept["imageset"], "diffusion"}
    found: Any = [name for name in names for words in told if name in words]
    assert found == []


def test_pictures_are_given_up_after_use(serve, visit):
    study, base = serve(n=10, n_real=0)
    page = visit("about:blank")
    page.page.add_init_script(
        "window.live = new Set(); const make = URL.createObjectURL, drop = URL.revokeObjectURL;"
        "URL.createObjectURL = (blob) => { const url = make.call(URL, blob); live.add(url); return url; };"
        "URL.revokeObjectURL = (url) => { live.delete(url); drop.call(URL, url); };"
    )
    page.page.goto(f"{base}/r/{study.link_token('anna')}")
    page.begin()
    most = 0
    for _ in range(10):
        page.rate("1")
        most = max(most, page.page.evaluate("() => live.size"))
    page.screen("done")
    assert 1 < most <= 8
    assert page.page.evaluate("() => live.size") <= 3
    fetched = [each for each in page.requests if "/api/pictures/" in each]
    assert len(fetched) == len(set(fetched)) == 10, "each picture is fetched once"
