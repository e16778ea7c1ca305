"""Everything under one port, for a laptop or one server: `python -m functions serve`."""

import asyncio
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import FrameType

import structlog
import typer
import uvicorn
import uvloop

from functions import logs
from functions.bootstrap.parts import every_part
from functions.bootstrap.stack import Stack, build
from functions.cli.runtime import told_errors
from functions.console.pages import DIST
from functions.engine.scheduling.check import check
from functions.settings.load import SettingsError, load_settings
from functions.settings.model import Settings

log = structlog.get_logger()

#: How long requests under way may take to end once we are told to stop.
_GRACE_S = 10


def serve() -> None:
    """Run the API, the task queue and the every-minute check under one port, until Ctrl-C."""
    with told_errors():
        settings = load_settings()
        logs.configure(settings.log_level, readable=sys.stderr.isatty())
        with closing(_listen(settings)) as listener:
            uvloop.run(_serve(settings, listener))


def _listen(settings: Settings) -> socket.socket:
    """Open the port before anything is started that would have to be stopped again."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        place = f"{settings.host}:{settings.port}"
        text = f"PORT: cannot listen on {place} ({error.strerror}); set PORT to a free one"
    raise SettingsError([text])


async def _serve(settings: Settings, listener: socket.socket) -> None:
    every_part()  # imported now, so that nobody's first request waits for it
    stack = build(settings)
    stack.start()
    ticker = asyncio.create_task(_tick(stack, settings.check_interval_s))
    for line in _greeting(settings):
        typer.echo(line)
    try:
        await _server(stack).serve(sockets=[listener])
    finally:
        ticker.cancel()
        await asyncio.gather(ticker, return_exceptions=True)
        await stack.close()


async def _tick(stack: Stack, interval_s: float) -> None:
    """Check, at once and then every interval: the first finds what an earlier process left.

    It does not go through our own port: there INVOKER_AUTH may ask for Google's identity.
    """
    while True:
        try:
            await check(stack.engine)
        except Exception:
            log.exception("check_failed")
        await stack.engine.clock.sleep(interval_s)


class _Server(uvicorn.Server):
    """A server that stops on a signal and then returns; uvicorn's own ends the process."""

    def __init__(self, config: uvicorn.Config, stopping: asyncio.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._stopping.set()
        super().handle_exit(sig, frame)


def _server(stack: Stack) -> _Server:
    return _Server(
        uvicorn.Config(
            stack.app,
            loop="uvloop",
            http="httptools",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # Who may use an open server is told by the peer's address, never by a header.
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_S,
        ),
        stack.engine.stopping,
    )


def _greeting(settings: Settings) -> Iterator[str]:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{settings.port}"
    said = f"Clarion serves {url} from {settings.store_url}"
    open_ = ", open to this machine only (AUTH_MODE=off)" if settings.auth_mode == "off" else ""
    yield f"{said}{open_}"
    page = url.replace("127.0.0.1", "localhost")
    if (DIST / "index.html").exists():
        yield f"Open {page}/console/ in a browser to see and steer it"
    yield f"{page}/docs describes every request"
    if settings.calling_windows == "default" and all(it.pretends_to for it in settings.providers):
        yield "People are reached within their countries' hours; CALLING_WINDOWS=off: at any time"
