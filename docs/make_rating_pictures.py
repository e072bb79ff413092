"""Take the pictures of the rating page for docs/: ``python docs/make_rating_pictures.py``; needs Chromium.

Every image on them is drawn by rules (a phantom); no patient is seen.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from synmedbench.experts import RatingStore, Study, StudySettings, listen, load_criteria, open_study, serve
from synmedbench.imagesets import phantom_blood, phantom_derm

FOLDER = Path(__file__).resolve().parent / "images"
WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 390, "height": 844}


def opened(store: RatingStore, images: Any, criteria: str, mode: str) -> Study:
    """A study of phantoms for one rater."""
    settings = StudySettings(name=f"{criteria}-{mode}", mode=mode, raters=("anna",), repeats=0, seed=1)
    return open_study(store, [images], load_criteria(criteria), settings)


def link(study: Study) -> str:
    """Serve the study until the process ends, and return the rater's link."""
    listener = listen(port=0)
    threading.Thread(target=serve, args=(study, listener), daemon=True).start()
    return f"{listener.address}/r/{study.link_token('anna')}"


def shot(browser: Any, address: str, name: str, *keys: str, viewport: dict[str, int], **look: Any) -> None:
    """Press keys after the first screen, wait for the image, and keep what is seen."""
    page = browser.new_context(viewport=viewport, reduced_motion="reduce", **look).new_page()
    page.goto(address)
    page.wait_for_selector("#cover-go:visible, body[data-open]")
    page.keyboard.press("Enter")
    for key in keys:
        page.wait_for_selector("body[data-open]")
        page.wait_for_timeout(400)
        page.keyboard.press(key)
    page.wait_for_selector("body[data-open]")
    page.wait_for_timeout(400)
    page.screenshot(path=FOLDER / f"{name}.png")
    page.close()


def main() -> None:
    """Take them all."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        store = RatingStore(f"sqlite:///{folder}/ratings.db")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        skin = link(opened(store, phantom_derm(n=40, size=64, seed=1), "skin", "rate"))
        blood = link(opened(store, phantom_blood(n=40, size=64, seed=1), "blood", "compare"))
        shot(browser, skin, "rating", "1", "1", "1", "0", "3", viewport=WIDE)
        shot(browser, skin, "rating-narrow", viewport=NARROW, device_scale_factor=1.5, color_scheme="dark")
        shot(browser, blood, "rating-compare", "ArrowLeft", viewport=WIDE)
        browser.close()


if __name__ == "__main__":
    main()
