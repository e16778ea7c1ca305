"""Plivo as a process that does nothing but look at its clock: `python -m`, it prints its URL.

    GET  /arrivals    tells, in seconds, when each call was asked for

Its calls ring for ever, so that nothing but requests for calls keeps anybody busy.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any, Final

import httpx

from tests.channels.plivo.voice_server import AUTH_ID, AUTH_TOKEN, Call, PlivoServer
from tests.channels.provider_server import Request, Response, run_alone

_ROOT: Final = Path(__file__).parents[3]


class PunctualPlivo(PlivoServer):
    """Notes when it is asked for a call."""

    def __init__(self) -> None:
        super().__init__()
        self.arrivals: list[float] = []

    async def route(self, request: Request) -> Response | None:
        """Answer as Plivo does, and tell the arrivals."""
        if request.path == "/arrivals":
            return Response(200, self.arrivals)
        return await super().route(request)

    def _place(self, order: dict[str, Any]) -> Call:
        self.arrivals.append(time.monotonic())
        return super()._place(order)


class Watched:
    """The process, as a test sees it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.settings = {
            "VOICE_PROVIDER": "plivo",
            "PLIVO_API_URL": url,
            "PLIVO_AUTH_ID": AUTH_ID,
            "PLIVO_AUTH_TOKEN": AUTH_TOKEN,
        }

    @property
    def arrivals(self) -> list[float]:
        """When each call was asked for, by the stand-in's clock."""
        return sorted(httpx.get(f"{self._url}/arrivals", trust_env=False).json())


@contextmanager
def punctual_plivo() -> Iterator[Watched]:
    """Run the stand-in for the length of a `with`."""
    command = [sys.executable, "-m", "tests.faults.rig.punctual_plivo"]
    with Popen(command, stdout=PIPE, text=True, cwd=_ROOT) as process:  # noqa: S603  our own command line
        assert process.stdout is not None
        yield Watched(process.stdout.readline().strip())
        process.kill()


if __name__ == "__main__":
    run_alone(PunctualPlivo())
