"""The web application of a study: the rater's routes, and what all routes share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from ..core import UserError
from ._server_admin import AdminDesk
from ._server_forms import AnswerForm, UndoForm, bearer, read_form
from ._server_guard import Guard, HostNames
from ._server_pages import Pages
from ._server_writer import NotSavedError, Writer
from ._study_types import AlreadyAnswered, Answer, ShownTask, TokenError, Undone

if TYPE_CHECKING:
    from ._study import Study

_MOST_TASKS = 20
_KEPT = "not saved just now; the page keeps it and sends it again"
_AWAY = "not to be had just now; try again in a moment"


class RaterDesk:
    """The routes that a rater's page calls; all that they tell is of this rater alone."""

    def __init__(self, study: Study, writer: Writer) -> None:
        self.study, self.writer = study, writer
        self.session_facts = _session_facts(study)

    async def session(self, request: Request) -> Response:
        """`GET /api/session`: what the page needs once."""
        rater = await self._rater(request)
        self.writer.later(partial(self.study.record, "opened", rater))
        counts = await run_in_threadpool(self._counts, rater)
        return JSONResponse({**self.session_facts, "rater": rater, **counts})

    async def tasks(self, request: Request, count: int = 3) -> Response:
        """`GET /api/tasks`: the next unanswered tasks of the rater, in the rater's order."""
        rater = await self._rater(request)
        if not 1 <= count <= _MOST_TASKS:
            raise HTTPException(422, f"count must be from 1 to {_MOST_TASKS}")
        return JSONResponse(await run_in_threadpool(self._upcoming, rater, count))

    async def picture(self, request: Request, picture_id: str) -> Response:
        """`GET /api/pictures/{id}`: no name, date or mark of a file, and for every picture the same length."""
        rater = await self._rater(request)
        try:
            content = await run_in_threadpool(lambda: self.study.picture(rater, picture_id))
        except KeyError:
            raise HTTPException(404, "no such picture") from None
        return Response(content, media_type="image/png")

    async def answer(self, request: Request) -> Response:
        """`POST /api/answer`: 200 when the answer is safe on the disk, and not before."""
        rater = await self._rater(request, changing=True)
        form = await read_form(request, AnswerForm)
        try:
            progress = await self.writer.answer(rater, Answer(**form.model_dump()))
        except UserError as error:
            raise HTTPException(409 if isinstance(error, AlreadyAnswered) else 422, str(error)) from None
        return JSONResponse({"done": progress.done, "total": progress.total, "paused": False})

    async def undo(self, request: Request) -> Response:
        """`POST /api/undo`: take the rater's last answer back."""
        rater = await self._rater(request, changing=True)
        form = await read_form(request, UndoForm)
        try:
            undone = await self.writer.call(partial(self.study.undo, rater, form.event))
        except UserError as error:
            raise HTTPException(409, str(error)) from None
        counts = await run_in_threadpool(self._counts, rater)
        task = _task(undone.task) if undone else None
        return JSONResponse({**counts, "task": task, "previous": _previous(undone) if undone else None})

    async def _rater(self, request: Request, *, changing: bool = False) -> str:
        """Whose link it is; the store is not asked on the event loop, where it would hold up all others."""
        if self.study.fresh:
            return self._entered(bearer(request), changing)
        return await run_in_threadpool(self._entered, bearer(request), changing)

    def _entered(self, token: str, changing: bool) -> str:
        rater = self.study.rater_of(token)
        if changing and self.study.paused:
            raise HTTPException(423, "the study is paused")
        return rater

    def _counts(self, rater: str) -> dict[str, Any]:
        progress = self.study.progress(rater)
        return {"done": progress.done, "total": progress.total, "paused": self.study.paused}

    def _upcoming(self, rater: str, count: int) -> dict[str, Any]:
        tasks = [_task(each) for each in self.study.upcoming(rater, count)]
        return {**self._counts(rater), "tasks": tasks}


def make_app(study: Study, hosts: HostNames | None = None, *, address: str | None = None) -> FastAPI:
    """Return the application that serves a study; it neither opens nor closes the study.

    ``hosts`` are the names under which it answers (default: those of this machine alone); ``address`` is what links
    begin with (default: what the admin's browser has).
    """
    writer = Writer(study)

    @asynccontextmanager
    async def alive(_app: FastAPI) -> AsyncIterator[None]:
        writer.start()
        yield
        await run_in_threadpool(writer.stop)

    app = FastAPI(
        lifespan=alive, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, debug=False
    )
    pages, rater, admin = Pages(), RaterDesk(study, writer), AdminDesk(study, writer, address)
    app.add_api_route("/", pages.nothing, methods=["GET"])
    app.add_api_route("/r/{token}", _page(pages, "rate.html", study.rater_of), methods=["GET"])
    app.add_api_route("/admin/{token}", _page(pages, "admin.html", admin.check), methods=["GET"])
    app.add_api_route("/static/{name}", pages.static, methods=["GET"])
    app.add_api_route("/api/session", rater.session, methods=["GET"])
    app.add_api_route("/api/tasks", rater.tasks, methods=["GET"])
    app.add_api_route("/api/pictures/{picture_id}", rater.picture, methods=["GET"])
    app.add_route("/api/answer", rater.answer, methods=["POST"])
    app.add_route("/api/undo", rater.undo, methods=["POST"])
    app.add_api_route("/api/admin/state", admin.state, methods=["GET"])
    app.add_route("/api/admin/pause", admin.pause, methods=["POST"])
    app.add_route("/api/admin/raters", admin.raters, methods=["POST"])
    app.add_api_route("/api/admin/export", admin.export, methods=["GET"])
    _tell_errors(app, writer)
    app.add_middleware(Guard, hosts=hosts or HostNames())
    return app


def _page(pages: Pages, name: str, check: Callable[[str], object]) -> Callable[..., Any]:
    """A page that is given out when ``check`` does not refuse the token; its bytes do not depend on it."""

    async def page(token: str) -> Response:
        try:
            await run_in_threadpool(check, token)
        except TokenError as error:
            return pages.message(_status(error), error.kind)
        return pages.page(name)

    return page


def _tell_errors(app: FastAPI, writer: Writer) -> None:
    """Every error is JSON with one line; what the store said goes to the terminal and the admin, not to a rater."""

    async def not_saved(request: Request, error: Exception) -> Response:
        if not isinstance(error, NotSavedError):
            writer.trouble.note(error)
        return _error(503, _KEPT if request.method == "POST" else _AWAY)

    async def no_entry(_request: Request, error: Exception) -> Response:
        assert isinstance(error, TokenError)
        return _error(_status(error, api=True), error.what)

    async def faulty(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        faults = [
            f"{'.'.join(map(str, each['loc'][1:])) or 'body'}: {each['msg']}" for each in error.errors()
        ]
        return _error(422, "; ".join(faults[:5]))

    async def other(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _error(error.status_code, error.detail)

    app.add_exception_handler(NotSavedError, not_saved)
    app.add_exception_handler(OSError, not_saved)
    app.add_exception_handler(UserError, not_saved)
    app.add_exception_handler(TokenError, no_entry)
    app.add_exception_handler(RequestValidationError, faulty)
    app.add_exception_handler(HTTPException, other)


def _error(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status)


def _status(error: TokenError, *, api: bool = False) -> int:
    return (401 if api else 403) if error.kind == "wrong" else 410


def _session_facts(study: Study) -> dict[str, Any]:
    """What every rater is told once: the questions and the picture's size; no word of how the set was made."""
    criteria = study.criteria
    questions = [
        {
            "id": each.id,
            "text": each.text,
            "classes": each.classes,
            "expected": each.expected,
            "needs": each.needs,
        }
        for each in criteria.questions
    ]
    return {
        "study": study.settings.name,
        "mode": study.settings.mode,
        "detail": study.settings.detail,
        "title": criteria.title,
        "criteria": {
            "name": criteria.name,
            "version": criteria.version,
            "title": criteria.title,
            "questions": questions,
            "realism": criteria.realism.model_dump(),
            "names": criteria.aliases,
        },
        "shown": list(study.shown),
        "size": list(study.size),
    }


def _task(task: ShownTask) -> dict[str, Any]:
    return {
        "task": task.task,
        "position": task.position,
        "requested": dict(task.requested),
        "pictures": list(task.pictures),
        "questions": list(task.questions),
    }


def _previous(undone: Undone) -> dict[str, Any]:
    given = undone.previous
    names = ("seconds", "plausible", "answers", "realism", "note", "preferred")
    return {name: getattr(given, name) for name in names}
