"""A part of the application as an ASGI application of its own."""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from structlog.contextvars import bind_contextvars, reset_contextvars

from functions.web import problems
from functions.web.auth import require_own_host
from functions.web.context import AppContext
from functions.web.middleware import answer_headers, request_id, slashes
from functions.web.routing.known_headers import headers_of

log = structlog.get_logger()

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
#: The largest body that is no file.
JSON_BYTES: Final = 1_000_000
#: Where carriers send batches, and how large Meta says that its own may be.
_BATCH_PATH: Final = re.compile(r"/webhooks/[^/]+/inbound/[^/]+")
_BATCH_BYTES: Final = 3 * 1024 * 1024
#: Where files come in.
_FILE_PATHS: Final = ("/upload-csv", "/contacts/imports")
_FORM_BYTES: Final = 10_000  #: what a form adds around the file
#: The path under which older deployments served the same functions.
_OLD_PREFIX: Final = "/plivo"


class Face:
    """A part of the application as an ASGI application of its own.

    `only`: the beginnings of the paths that this face serves; none: all. A function
    deployed on its own is called at its root: the path of a face of one may be left out there.
    Errors are answered here (problems.py); one that nobody expects is logged, once.
    """

    def __init__(self, app: FastAPI, *only: str) -> None:
        self._app = app
        self._only = only

    def part(self, *only: str) -> "Face":
        """Return the face that shows only these paths."""
        return Face(self._app, *only)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, its path made complete and its body kept within bounds."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        inner = {**scope, "app": self._app}
        id_ = request_id.request_id(headers_of(inner))
        answer_headers.told(inner)[request_id.HEADER] = id_
        bound = bind_contextvars(request_id=id_)
        try:
            await self._answer(inner, receive, answer_headers.Completing(send, inner))
        finally:
            reset_contextvars(**bound)

    async def _answer(
        self, scope: Scope, receive: Receive, send: answer_headers.Completing
    ) -> None:
        """Serve a request that has a name; answer the error that it ends in."""
        try:
            await self._serve(scope, receive, send)
        except Exception as error:
            told = None if send.has_begun else problems.answer_to(Request(scope), error)
            if told is None:
                log.exception("request_failed", method=scope["method"], path=scope["path"])
                told = problems.broken(Request(scope))
            if not send.has_begun:
                await told(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("client"):  # what comes over no socket is our own
            context: AppContext = self._app.state.context
            require_own_host(headers_of(scope).get("host", ""), context.settings)
        path = self._path(scope["path"])
        if path is None:
            await problems.not_found(Request(scope))(scope, receive, send)
            return
        slashes.note_given(scope)
        scope["path"] = path
        scope.pop("raw_path", None)
        await self._app(scope, _bounded(receive, self._limit(path)), send)

    def _path(self, path: str) -> str | None:
        """Return the whole path of what is asked; None where this face does not show it.

        A slash at its end says nothing: nobody is sent elsewhere for it.
        """
        path = path.rstrip("/") or "/"
        whole = path.removeprefix(_OLD_PREFIX) if path.startswith(f"{_OLD_PREFIX}/") else path
        if not self._only or problems.first_segment(whole) in self._only:
            return whole
        if len(self._only) > 1:
            return None
        # What a function's own path ends in may begin with a provider's name: no prefix then.
        return self._only[0] + path.removesuffix("/")

    def _limit(self, path: str) -> int:
        if path in _FILE_PATHS:
            context: AppContext = self._app.state.context
            return context.settings.csv_max_bytes + _FORM_BYTES
        if _BATCH_PATH.fullmatch(path):
            return _BATCH_BYTES
        return JSON_BYTES


def _bounded(receive: Receive, limit: int) -> Receive:
    """Return a `receive` that refuses a body of more than `limit` bytes, before it is all here."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise HTTPException(413, f"The request is larger than {limit} bytes.")
        return message

    return bounded
