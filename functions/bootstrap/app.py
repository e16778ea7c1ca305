"""The one ASGI application behind every function, and the document that describes all of it."""

from functools import cache
from typing import Any

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from functions import __version__
from functions.bootstrap.parts import PLAIN, every_part, routes_below
from functions.web.context import AppContext
from functions.web.openapi import DESCRIPTION, FAILURES, tags
from functions.web.routing.prefix_router import PrefixRouter


class _Application(FastAPI):
    """Knows what it is asked for only when it is asked (parts.py), and its document likewise.

    Its routes answer by themselves (web/routing), and errors are answered by its face: nothing
    that FastAPI would put around every request is needed here.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        await self.router(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        return api_document()


def create_app(context: AppContext) -> FastAPI:
    """Return the application with every route."""
    app = _Application(docs_url=None, redoc_url=None)
    app.state.context = context
    app.state.functions = PLAIN
    app.router = PrefixRouter(app.router, routes_below)
    return app


@cache
def api_document() -> dict[str, Any]:
    """Return the OpenAPI document, as `/openapi.json` serves it; it depends on no setting."""
    from functions.api.reference import events
    from functions.api.reference.document import SERVERS, Reference
    from functions.api.reference.operation_ids import operation_id

    app = Reference(
        title="Clarion",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=tags(),
        servers=SERVERS,
        webhooks=events.router,
        generate_unique_id_function=operation_id,
    )
    for part in every_part():
        app.include_router(part.router, responses=FAILURES)
    return app.openapi()
