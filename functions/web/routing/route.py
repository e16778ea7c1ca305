"""Routes that are declared as FastAPI's are, and answer by themselves."""

from functools import cached_property
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from functions.web.context import Handle
from functions.web.routing.answers import Answers
from functions.web.routing.arguments import Arguments
from functions.web.routing.bodies import body_of
from functions.web.routing.known_headers import KnownRequest


class Route(APIRoute):
    """A route with a handler that is a coroutine, and with dependencies that are."""

    def get_route_handler(self) -> Handle:
        """Return what answers a request: reads the arguments, calls the handler, shows the result.

        Raises what problems.py has a status for, and what broke.
        """
        call: Any = self.dependant.call
        arguments, answers = Arguments(self.dependant, body_of(self)), Answers(self)

        async def handle(request: Request) -> Response:
            answer = answers.blank()
            try:
                result = await call(**await arguments.read(request, answer))
            finally:
                await request.close()  # the files of a form
            return answers.filled(answer, result)

        return handle

    @cached_property
    def _handler(self) -> Handle:
        return self.get_route_handler()

    @cached_property
    def all_methods(self) -> frozenset[str]:
        """The methods that the route takes."""
        return frozenset(self.methods or ())

    def path_params(self, path: str) -> dict[str, Any]:
        """Return what a path that matches says of the parameters in it."""
        found = self.path_regex.match(path)
        said = found.groupdict() if found else {}
        return {name: self.param_convertors[name].convert(text) for name, text in said.items()}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request to this route. Raises what the handler raises."""
        response = await self._handler(KnownRequest(scope, receive, send))
        await response(scope, receive, send)
