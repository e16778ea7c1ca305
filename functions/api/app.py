"""The one ASGI application behind every function, and the faces that show a part of it."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import structlog
from fastapi import FastAPI
from starlette.exceptions import HTTPException

from functions.api import campaigns, lists, ops, problems, scheduler, tasks, webhooks
from functions.api.house import House

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

log = structlog.get_logger()

_JSON_BYTES: Final = 1_000_000
_UPLOAD: Final = "/upload-csv"
_FORM_BYTES: Final = 10_000  #: what a form adds around the file
#: The path under which older deployments served the same functions.
_OLD_PREFIX: Final = "/plivo"


def create_app(house: House) -> FastAPI:
    """Return the application with every route."""
    app = FastAPI(title="Clarion", version="0.1.0")
    app.state.house = house
    for part in (campaigns, lists, scheduler, tasks, webhooks, ops):
        app.include_router(part.router)
    problems.add_handlers(app)
    return app


class Face:
    """A part of the application as an ASGI application of its own.

    `only`: the one path, with what lies below it, that this face serves. A function deployed on
    its own is called at its root, so the path may be left out there. Errors that nobody handled
    have been answered by the application (problems.py) and are logged here, once.
    """

    def __init__(self, app: FastAPI, *, only: str = "") -> None:
        self._app = app
        self._only = only

    def part(self, only: str) -> "Face":
        """Return the face that shows only this path."""
        return Face(self._app, only=only)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, its path made complete and its body kept within bounds."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        inner = {**scope, "path": self._path(scope["path"])}
        inner.pop("raw_path", None)
        try:
            await self._app(inner, _bounded(receive, self._limit(inner["path"])), send)
        except Exception:
            # Whatever has been answered; it is raised only to be logged.
            log.exception("request_failed", method=scope["method"], path=inner["path"])

    def _path(self, path: str) -> str:
        whole = path.removeprefix(_OLD_PREFIX) if path.startswith(f"{_OLD_PREFIX}/") else path
        if not self._only or whole == self._only or whole.startswith(f"{self._only}/"):
            return whole
        # What a function's own path ends in may begin with a provider's name: no prefix then.
        return self._only + path.rstrip("/")

    def _limit(self, path: str) -> int:
        if path == _UPLOAD:
            house: House = self._app.state.house
            return house.settings.csv_max_bytes + _FORM_BYTES
        return _JSON_BYTES


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
