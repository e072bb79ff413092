"""One browser for each file of tests; a test gets raters' pages on a real server."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from rater_page import RaterPage
from rating_studies import small_study, url
from services import skip_or_fail
from serving import running_server

_INSTALL = "install Chromium (Debian: apt-get install chromium; elsewhere: playwright install chromium)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, without a window."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        skip_or_fail("playwright is missing: pip install playwright")
    with sync_playwright() as playwright:
        try:
            launched = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
        except Error as error:
            skip_or_fail(f"no browser starts ({str(error).splitlines()[0]}): {_INSTALL}")
        yield launched
        launched.close()


def _chromium() -> str | None:
    """The browser of the system; None for the one that playwright brings."""
    named = os.environ.get("SYNMEDBENCH_CHROMIUM")
    return named or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., tuple[Any, str]]]:
    """Open a small study in a new store and serve it: the study and the server's address."""
    with ExitStack() as stack:

        def started(**settings: Any) -> tuple[Any, str]:
            study = small_study(url(tmp_path), **{"raters": ("anna",), "repeats": 0.0, **settings})
            stack.callback(study.close)
            return study, stack.enter_context(running_server(study))

        yield started


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., RaterPage]]:
    """Open a rater's link in a browser profile of its own, or in that of another page (``beside``)."""
    pages: list[RaterPage] = []

    def opened(link: str, *, beside: RaterPage | None = None, **options: Any) -> RaterPage:
        wanted = {"viewport": {"width": 1200, "height": 760}, "reduced_motion": "reduce", **options}
        page = RaterPage(beside.context if beside else browser.new_context(**wanted), link)
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.context.close()
    faults = [fault for page in pages for fault in page.faults]
    assert not faults, faults


@pytest.fixture
def anna(serve, visit) -> Callable[..., tuple[Any, RaterPage]]:
    """A study and anna's page on it, as it stands after the first screen."""

    def started(*, look: dict[str, Any] | None = None, **settings: Any) -> tuple[Any, RaterPage]:
        study, base = serve(**settings)
        return study, visit(f"{base}/r/{study.link_token('anna')}", **(look or {})).begin()

    return started
