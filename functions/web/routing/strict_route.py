"""Routes that take the query parameters that they declare, and HEAD where they take GET."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

from fastapi import Request
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from functions.web.context import Handle
from functions.web.middleware.query import checked, declared
from functions.web.openapi import with_problems
from functions.web.routing.route import Route


class StrictRoute(Route):
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
        handle, parameters = self.guarded(handle), declared(self.dependant)

        async def handle_checked(request: Request) -> Response:
            return await handle(checked(request, parameters))

        return handle_checked

    @cached_property
    def all_methods(self) -> frozenset[str]:
        """The methods that the route takes: HEAD where it takes GET."""
        methods = frozenset(self.methods or ())
        return methods | {"HEAD"} if "GET" in methods else methods

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; the server leaves the body of an answer to a HEAD away."""
        if scope["method"] == "HEAD" and "GET" in self.all_methods:
            scope = {**scope, "method": "GET"}
        await super().handle(scope, receive, send)


class OpenRoute(StrictRoute):
    """A route of the REST API that is open to everybody; its errors are problem documents."""

    tells_problems: ClassVar[bool] = True

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **with_problems(options))
