"""Finding a request's route among a hundred without comparing its path with each of them."""

from collections.abc import Callable, Sequence
from typing import Final

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from functions.web.middleware.strict_route import StrictRoute
from functions.web.problems import first_segment

RoutesBelow = Callable[[str], Sequence[APIRoute]]
"""Returns the routes whose paths begin with a segment; none where there are none."""


class PrefixRouter(APIRouter):
    """A router that looks only at those routes whose paths begin as the request's does.

    To compare with all of them took 0.2 ms, as long as all the rest of a small answer. They are
    asked for when the first such request comes. Where no path begins so, the request goes to the
    routes that the application itself was given.
    """

    def __init__(self, own: APIRouter, below: RoutesBelow) -> None:
        # The face has taken a slash too many away; a redirect would go to the host that is named.
        super().__init__(routes=own.routes, redirect_slashes=False)
        self._below: Final = below
        self._branches: Final[dict[str, APIRouter]] = {}

    def methods_of(self, path: str) -> list[str]:
        """Return the methods that a path is there for, over all its routes."""
        branch = self._branch(path)
        found = [
            route
            for route in (branch.routes if branch else ())
            if isinstance(route, APIRoute) and route.path_regex.match(path)
        ]
        methods = {method for route in found for method in route.methods or ()}
        if "GET" in methods and any(isinstance(route, StrictRoute) for route in found):
            methods.add("HEAD")
        return sorted(methods)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to the routes that begin as its path does."""
        branch = self._branch(scope.get("path", ""))  # the server's own life has no path
        await (branch.app if branch else super().app)(scope, receive, send)

    def _branch(self, path: str) -> APIRouter | None:
        start = first_segment(path)
        if start not in self._branches and (routes := self._below(start)):
            self._branches[start] = APIRouter(routes=[*routes], redirect_slashes=False)
        return self._branches.get(start)
