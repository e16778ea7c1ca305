"""Finding a request's route among a hundred without comparing its path with each of them."""

from collections import defaultdict
from collections.abc import Iterable

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from functions.web.middleware.strict_route import StrictRoute
from functions.web.problems import first_segment


class PrefixRouter(APIRouter):
    """A router that first looks at those of its routes whose paths begin as the request's does.

    To compare with all of them took 0.2 ms, as long as all the rest of a small answer. Where none
    of `routes` begins so, the request goes the long way, through everything that was included.
    """

    def __init__(self, whole: APIRouter, routes: Iterable[APIRoute]) -> None:
        # The face has taken a slash too many away; a redirect would go to the host that is named.
        super().__init__(routes=whole.routes, redirect_slashes=False)
        branches = defaultdict(list)
        for route in routes:
            branches[first_segment(route.path)].append(route)
        self._branches = {
            start: APIRouter(routes=[*part], redirect_slashes=False)
            for start, part in branches.items()
        }

    def methods_of(self, path: str) -> list[str]:
        """Return the methods that a path is there for, over all its routes."""
        branch = self._branches.get(first_segment(path))
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
        start = first_segment(scope.get("path", ""))  # the server's own life has no path
        serve = self._branches[start].app if start in self._branches else super().app
        await serve(scope, receive, send)
