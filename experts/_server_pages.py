"""The pages' files: a fixed list, the same bytes for everybody."""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

_FOLDER = Path(__file__).parent / "page"
_KINDS = {".js": "text/javascript", ".css": "text/css"}
_MESSAGES = {
    "none": (
        "Every rater has a link of their own",
        "This address alone shows nothing. Open the whole link that you were sent; "
        "if you have none, ask the person who runs the study.",
    ),
    "wrong": (
        "This link does not work",
        "It may have been cut off on its way. Copy the whole address from the message in which you got it; "
        "if it still fails, ask the person who sent it for a new link.",
    ),
    "expired": (
        "This link has run out",
        "Your answers so far are kept. Ask the person who sent you the link for a new one; "
        "you go on where you stopped.",
    ),
    "revoked": (
        "This link no longer holds",
        "Your answers so far are kept. There may be a newer link: ask the person who sent you this one.",
    ),
}


class Pages:
    """Gives out the pages and the scripts and styles they are made of, and nothing else of the folder."""

    def __init__(self) -> None:
        self._parts = {
            path.name: _KINDS[path.suffix] for path in _FOLDER.glob("*.*") if path.suffix in _KINDS
        }

    def page(self, name: str) -> Response:
        """Return a page."""
        return HTMLResponse(_read(name))

    async def static(self, name: str) -> Response:
        """`GET /static/{name}`: a script or style by its name in the list; nothing else exists."""
        kind = self._parts.get(name)
        if kind is None:
            raise HTTPException(404, "no such file")
        return Response(_read(name), media_type=kind)

    async def nothing(self) -> Response:
        """`GET /`: a page that says that a link is needed."""
        return self.message(404, "none")

    def message(self, status: int, kind: str) -> Response:
        """A plain page that says why there is nothing to see, and whom to ask."""
        title, text = (escape(part) for part in _MESSAGES[kind])
        return HTMLResponse(_read("message.html").replace("{title}", title).replace("{text}", text), status)


@cache
def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
