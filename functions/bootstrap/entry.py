"""What main.py hands to functions-framework."""

from typing import cast

from starlette.responses import Response
from uvicorn_worker import UvicornWorker

from functions import lean, logs  # lean first
from functions.bootstrap.stack import Stack, build
from functions.settings.load import load_settings

_stack: Stack | None = None

# Whoever asks need not know what serves; functions-framework hands on no option for it.
UvicornWorker.CONFIG_KWARGS["server_header"] = False
lean.done()


async def face(target: str, *only: str) -> Response:
    """Return the part of the application that a function of main.py serves: `only` these paths.

    The first request builds it, with no more than the function uses (settings/secrets.py).

    The framework runs no lifespan, so there is no earlier moment inside the event loop.
    """
    global _stack  # noqa: PLW0603 - one per process, like the process itself
    if _stack is None:
        settings = load_settings(target)
        logs.configure(settings.log_level, readable=False)
        _stack = build(settings, target)
        _stack.start()
    app = _stack.app.part(*only) if only else _stack.app
    # The framework calls what a function returns as the ASGI application that a Response is.
    return cast(Response, app)
