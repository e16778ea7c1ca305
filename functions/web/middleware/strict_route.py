"""Routes that take the query parameters that they declare, and HEAD where they take GET."""

from collections.abc import Callable, MutableMapping
from typing import Any, ClassVar

from fastapi import Request
from fastapi.params import Form
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from functions.web.context import Handle
from functions.web.middleware.query import checked, declared
from functions.web.middleware.whole_text import requiring_whole_text
from functions.web.openapi import with_problems


class StrictRoute(APIRoute):
    """A route that refuses query parameters that it does not know, and answers HEAD as GET.

    Carriers' callbacks and the links of mails are no such routes: others add parameters to their
    URLs, and what a HEAD of them means they say themselves.
    """

    def guarded(self, handle: Handle) -> Handle:
        """Return the handler of a request whose parameters are known."""
        return handle

    def get_route_handler(self) -> Handle:
        """Return the handler, behind the question whether the parameters are known."""
        handle = super().get_route_handler()
        if self.body_field is not None and not isinstance(self.body_field.field_info, Form):
            handle = requiring_whole_text(handle)
        handle, parameters = self.guarded(handle), declared(self.dependant)

        async def handle_checked(request: Request) -> Response:
            return await handle(checked(request, parameters))

        return handle_checked

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is one to this route."""
        return super().matches(self._as_get(scope))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; the server leaves the body of an answer to a HEAD away."""
        await super().handle(self._as_get(scope), receive, send)

    def _as_get(self, scope: Scope) -> MutableMapping[str, Any]:
        if scope.get("method") != "HEAD" or "GET" not in (self.methods or ()):
            return scope
        return {**scope, "method": "GET"}


class OpenRoute(StrictRoute):
    """A route of the REST API that is open to everybody; its errors are problem documents."""

    tells_problems: ClassVar[bool] = True

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **with_problems(options))
