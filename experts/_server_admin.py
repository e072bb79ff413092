"""The admin's routes: the state of the study, pause, raters and their links, files to take away."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from ..core import UserError, did_you_mean
from ._admin_export import FORMATS, FORMS, export_bytes
from ._admin_state import AdminView
from ._server_forms import PauseForm, RaterForm, bearer, read_form
from ._server_writer import Writer
from ._study_settings import rater_name
from ._study_types import TokenError

if TYPE_CHECKING:
    from ._study import Study

_KINDS = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}


class AdminDesk:
    """The routes behind the admin's token; a rater's token opens none of them."""

    def __init__(self, study: Study, writer: Writer, address: str | None = None) -> None:
        self.study, self.writer, self.address = study, writer, address
        self.view = AdminView(study)

    def check(self, token: str) -> None:
        """Raise ``TokenError`` for any token but the admin's."""
        if not self.study.is_admin(token):
            raise TokenError("wrong")

    async def state(self, request: Request) -> Response:
        """`GET /api/admin/state`."""
        self.check(bearer(request))
        state = await run_in_threadpool(self.view.state, self._base(request))
        return JSONResponse({**state, "trouble": self.writer.trouble.line()})

    async def pause(self, request: Request) -> Response:
        """`POST /api/admin/pause`: answers are refused until it is resumed."""
        self.check(bearer(request))
        form = await read_form(request, PauseForm)
        await self.writer.call(self.study.pause if form.paused else self.study.resume)
        return JSONResponse({"paused": form.paused})

    async def raters(self, request: Request) -> Response:
        """`POST /api/admin/raters`: add one, give a new link (the old one stops), or take the link back."""
        self.check(bearer(request))
        form = await read_form(request, RaterForm)
        change = {
            "add": self.study.add_rater,
            "renew": self.study.renew,
            "revoke": self.study.revoke,
        }[form.action]
        try:
            rater = rater_name(form.rater)
            await self.writer.call(partial(change, rater))
            self.view.forget()
            if form.action == "revoke":
                return JSONResponse({"link": None})
            token = await run_in_threadpool(self.study.link_token, rater)
        except (UserError, KeyError) as error:
            raise HTTPException(422, str(error)) from None
        return JSONResponse({"link": f"{self._base(request)}/r/{token}"})

    async def export(self, request: Request, form: str = "ratings", format: str = "csv") -> Response:
        """`GET /api/admin/export`: a file of the study's answers so far."""
        self.check(bearer(request))
        for given, known in ((form, FORMS), (format, FORMATS)):
            if given not in known:
                raise HTTPException(
                    422, f"nothing is called {given[:40]!r}; {did_you_mean(given[:40], known)}"
                )
        try:
            content, rows = await run_in_threadpool(export_bytes, self.study, form, format)
        except UserError as error:
            raise HTTPException(422, str(error)) from None
        await self.writer.call(partial(self.study.record, "exported", form=form, rows=rows))
        name = f"{self.study.settings.name}-{form}.{format}"
        told = {"content-disposition": f'attachment; filename="{name}"', "x-rows": str(rows)}
        return Response(content, media_type=_KINDS[format], headers=told)

    def _base(self, request: Request) -> str:
        """The address that links begin with; the Host header was checked before."""
        return self.address or f"{request.url.scheme}://{request.headers['host']}"
