"""What a request handler is given: the engine, the settings, and who is calling."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from fastapi import Depends, Request
from fastapi.responses import Response

from functions.domain.urls.tracking_links import Links
from functions.engine.kernel.engine import Engine
from functions.engine.ports.channel import Receiver
from functions.settings.model import Settings
from functions.web.auth import Callers
from functions.web.invoker import Invoker
from functions.web.middleware.key_guesses import KeyGuesses
from functions.web.rate_limit import RateLimiter
from functions.web.signing_in.sessions import Sessions

if TYPE_CHECKING:
    from functions.web.signing_in.provider import Provider


@dataclass(frozen=True, slots=True)
class AppContext:
    """Everything behind the HTTP faces, made once by bootstrap."""

    engine: Engine
    settings: Settings
    authenticator: Callers
    sessions: Sessions
    provider: "Provider | None"  #: where people sign in; None: at none
    invoker: Invoker
    rates: RateLimiter
    guesses: KeyGuesses
    problem_pages: str  #: the URL below which the codes of problems are explained
    links: Links  #: reads what readers of mails follow
    receivers: Mapping[str, Receiver]  #: whose callbacks this process takes


def context_of(request: Request) -> AppContext:
    """Return what stands behind the application that a request is sent to."""
    context: AppContext = request.app.state.context
    return context


async def _depend_on_context(request: Request) -> AppContext:
    return context_of(request)  # FastAPI would run a plain function in a thread, at twice the price


Context = Annotated[AppContext, Depends(_depend_on_context)]


#: A handler of requests, as routes wrap it.
Handle: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]
