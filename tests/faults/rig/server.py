"""Our server as a process of its own, with short leases, that is asked over HTTP and killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from random import SystemRandom
from typing import Any, Final, Self
from uuid import uuid4

import httpx

from functions.settings.model import Settings

_ROOT: Final = Path(__file__).parents[3]
_START_S: Final = 60
#: Below the ports that outgoing connections are given, one of which could take ours while the
#: server is down.
_PORTS: Final = range(20_000, 32_000)

QUICK: Final = {
    "HOST": "127.0.0.1",
    "LOG_LEVEL": "warning",
    "CALLING_WINDOWS": "off",
    "API_RATE_PER_S": "0",  # a storm asks as often as it can
    "CHECK_INTERVAL_S": "0.5",
    "VOICE_RATE_PER_S": "40",
    "LIVE_CALLS_PER_ORG": "500",
    "LIVE_CALLS_TOTAL": "500",
    "CHUNK": "4",
    # A page for each person, so that a kill can fall between two of them.
    "LAUNCH_PAGE": "1",
    "DISPATCH_PAGE": "20",
    "LANE_LEASE_S": "2",
    "SEND_LEASE_S": "2",
    "UNKNOWN_WAIT_S": "3",
    "LOOK_UP_AFTER_S": "2",
    "RETRY_BACKOFF_S": "1",
    "DEFER_S": "1",
    "POLL_SCHEDULE_S": "1,2",
}


def free_port() -> int:
    """Return a port that nobody listens on, and that nobody is given by chance."""
    # Not the seeded generator: test processes side by side would all draw the same.
    generator = SystemRandom()
    while True:
        port = generator.choice(_PORTS)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port


class Server:
    """`python -m functions serve`, run in `folder`, so that no .env is read."""

    def __init__(self, folder: Path, *settings: Mapping[str, str]) -> None:
        self.port = free_port()
        self.log = folder / f"server-{self.port}.log"
        self._folder = folder
        self._settings = {"PORT": str(self.port)}
        for part in (QUICK, *settings):
            self._settings |= part
        self._process: subprocess.Popen[bytes] | None = None
        self._http = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    @property
    def url(self) -> str:
        """Where it listens, in every one of its lives."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def errors(self) -> list[str]:
        """What it has logged as an error, in all its lives."""
        return [line for line in self.log.read_text().splitlines() if '"ERROR"' in line]

    def start(self) -> None:
        """Start it and wait until it is well."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "functions", "serve"],
                cwd=self._folder,
                env=_environment(self._settings),
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _START_S
        while not self._is_well():
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.02)

    def kill(self) -> None:
        """End it with SIGKILL: it can tidy nothing up."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Stop it in its tracks, as a machine that sleeps would (SIGSTOP)."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on where it was, none the wiser (SIGCONT)."""
        self._signal(signal.SIGCONT)

    def get(self, path: str) -> dict[str, Any]:
        """Ask the API something."""
        return _content(self._http.get(path))

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """Have the API do something."""
        return _content(self._http.post(path, json=body))

    def insist(self, path: str, **body: Any) -> dict[str, Any]:
        """Have the API do something: repeat the request under its key until it is answered.

        Where a process has died on it, which is told of the key, it is made anew under another one,
        and may conflict with what it did the first time.
        """
        keys = [uuid4().hex]
        while True:
            headers = {"Idempotency-Key": keys[-1]}
            try:
                answer = self._http.post(path, json=body, headers=headers)
            except httpx.TransportError:
                time.sleep(0.02)
                continue
            conflicts = answer.status_code == HTTPStatus.CONFLICT
            if conflicts and "IDEMPOTENCY" in answer.text:
                keys.append(uuid4().hex)
            else:
                is_done = conflicts and len(keys) > 1
                return dict(answer.json()) if is_done else _content(answer)

    def upload(self, csv: bytes, name: str) -> dict[str, Any]:
        """Upload a CSV of people."""
        data = {"listName": name}
        return _content(self._http.post("/upload-csv", files={"file": csv}, data=data))

    def report(self, campaign: str) -> Iterator[dict[str, Any]]:
        """Give what the store says of each person of a campaign, page by page."""
        wanted = {"campaignId": campaign, "limit": 40}
        cursor: str | None = ""
        while cursor is not None:
            page = self.post("/get-report-by-campaign", **wanted, cursor=cursor)
            yield from page["rows"]
            cursor = page["nextCursor"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._http.close()

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _is_well(self) -> bool:
        try:
            return self._http.get("/health").is_success
        except httpx.TransportError:
            return False


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which these are the only settings of ours."""
    outside = {k: v for k, v in os.environ.items() if k.lower() not in Settings.model_fields}  # noqa: TID251  handed on
    return {**outside, "PYTHONPATH": str(_ROOT), **settings}


def _content(response: httpx.Response) -> dict[str, Any]:
    assert response.is_success, response.text
    return dict(response.json())
