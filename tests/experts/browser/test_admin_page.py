"""The admin's page in a browser: what it shows, what its buttons do, and what happens when the server is gone."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

import pytest
from rating_studies import small_study, url
from serving import Page, answer_to, running_server


@pytest.fixture
def admin(browser, tmp_path) -> Iterator[tuple[Any, Any, str]]:
    """A study with some answers, the admin's page, and the server's address."""
    study = small_study(url(tmp_path), n=30, n_real=30, raters=("anna", "Ben <b>"))
    with running_server(study) as base:
        rater = Page(f"{base}/r/{study.link_token('anna')}")
        for task in rater.tasks(20):
            rater.post("/api/answer", answer_to(task))
        context = browser.new_context(viewport={"width": 390, "height": 800}, accept_downloads=True)
        page = context.new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(f"{base}/admin/{study.admin_token}")
        page.wait_for_selector("#raters tbody tr")
        yield study, page, base
        assert not page.faults
        context.close()
    study.close()


def test_progress_is_shown_and_fits_a_narrow_screen(admin):
    _, page, _ = admin
    assert page.text_content("#done") == "20"
    names = [row.text_content() for row in page.query_selector_all("#raters tbody th")]
    assert names == ["anna", "Ben <b>"]
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.text_content(".share .name") == "real"


def test_pause_and_resume(admin):
    study, page, _ = admin
    page.click("#pause")
    page.wait_for_selector("#state.paused")
    assert study.paused
    page.click("#pause")
    page.wait_for_selector("#state.running")
    assert not study.paused


def test_raters_come_get_links_and_lose_them(admin):
    study, page, base = admin
    page.fill("#name", "zoé")
    page.keyboard.press("Enter")
    page.wait_for_selector("tr[data-rater='zoé']")
    assert Page(f"{base}/r/{study.link_token('zoé')}").get("/api/session").json()["rater"] == "zoé"
    page.click("[aria-label='Revoke the link of zoé']")
    page.wait_for_selector("tr[data-rater='zoé'] >> text=taken back")
    page.fill("#name", "anna")
    page.keyboard.press("Enter")
    page.wait_for_selector("#told.bad")
    assert "already" in page.text_content("#told")


def test_an_export_is_downloaded(admin, tmp_path):
    _, page, _ = admin
    with page.expect_download() as waiting:
        page.click("#export button")
    waiting.value.save_as(tmp_path / "out.csv")
    assert waiting.value.suggested_filename == "noise-ratings.csv"
    with (tmp_path / "out.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 20


def test_a_server_that_is_gone_is_told(admin):
    _, page, _ = admin
    page.context.set_offline(True)
    page.wait_for_selector("#warning:not([hidden])", timeout=15000)
    assert "No connection" in page.text_content("#warning")
    page.context.set_offline(False)
    page.wait_for_selector("#warning", state="hidden", timeout=15000)
