"""The demonstration's server: a process of its own, asked over HTTP, and killed like any other."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final, Self

import httpx

from functions.settings.model import Settings

_ROOT: Final = Path(__file__).parents[3]
_START_S: Final = 60
_STOP_S: Final = 30

#: What a carrier meets in a bad hour, at the pace of a demonstration.
_SCRIPT: Final = (
    "latency_ms=40,ring_ms=300,pickup_ms=800,give_up_ms=1200,duration_s=1.5,hang_up_s=0.3,"
    "busy=0.08,no_answer=0.1,machine=0.12,hung_up=0.08,failed=0.03,"
    "lost_answer=0.01,error=0.01,lost=0.01,duplicate=0.05,reorder=0.03,outage=10-11"
)


class DemoError(Exception):
    """The demonstration cannot go on."""


def _environment(folder: Path, port: int) -> dict[str, str]:
    """Return a whole configuration: nobody's own settings may make the demo call real people."""
    ours = {
        "STORE_URL": f"sqlite:///{folder / 'clarion.db'}",
        "QUEUE_URL": "local://",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "VOICE_PROVIDER": "simulator",
        "SIMULATOR_LEDGER": str(folder / "carrier.jsonl"),
        "SIMULATOR_SCRIPT": _SCRIPT,
        "CALLING_WINDOWS": "off",
        "CHECK_INTERVAL_S": "2",
        "VOICE_RATE_PER_S": "40",
        # What is claimed when the server is killed has an unknown outcome: claim little at once.
        "CHUNK": "10",
        "LIVE_CALLS_PER_ORG": "100",
        "LIVE_CALLS_TOTAL": "100",
        "RETRY_BACKOFF_S": "2",
        "LANE_LEASE_S": "3",
        "SEND_LEASE_S": "3",
        "UNKNOWN_WAIT_S": "4",
        "LOOK_UP_AFTER_S": "3",
        "POLL_SCHEDULE_S": "2,4",
    }
    theirs = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251  handed on, less what is ours
        if name.lower() not in Settings.model_fields
    }
    return {**theirs, **ours, "PYTHONPATH": str(_ROOT)}


class DemoServer:
    """`python -m functions serve` in a process of its own, with its files in `folder`.

    It runs in that folder, so that no .env is read.
    """

    def __init__(self, folder: Path) -> None:
        port = _free_port()
        self._folder = folder.absolute()
        self._environment = _environment(self._folder, port)
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{port}"
        self._http = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    @property
    def ledger_path(self) -> Path:
        """The carrier's own book."""
        return self._folder / "carrier.jsonl"

    @property
    def log_path(self) -> Path:
        """What the server logs."""
        return self._folder / "server.log"

    def start(self) -> None:
        """Start it and wait until it is well."""
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  our own command line
                self._command("serve"),
                cwd=self._folder,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _START_S
        while not self._is_well():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise DemoError(f"The server does not start; see {self.log_path}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End it with SIGKILL: it can tidy nothing up."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> int:
        """Ask it to end (SIGTERM) and return its exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        code = self._process.wait(_STOP_S)
        self._process = None
        return code

    def run(self, *arguments: str) -> None:
        """Run another command of ours beside it."""
        done = subprocess.run(  # noqa: S603  our own command line
            self._command(*arguments),
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DemoError(f"`{' '.join(arguments)}` failed: {done.stderr.strip()}")

    def get(self, path: str) -> dict[str, Any]:
        """Ask the API something."""
        return self._answer("GET", path)

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """Have the API do something."""
        return self._answer("POST", path, json=body)

    def upload(self, path: Path, name: str) -> dict[str, Any]:
        """Upload a CSV of people."""
        with path.open("rb") as file:
            return self._answer(
                "POST", "/upload-csv", files={"file": file}, data={"listName": name}
            )

    def report(self, campaign: str) -> str:
        """Download a campaign's report as CSV."""
        body = {"campaignId": campaign, "isDownload": True}
        response = self._http.post("/get-report-by-campaign", json=body)
        response.raise_for_status()
        return response.text

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._http.close()

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "functions", *arguments]

    def _is_well(self) -> bool:
        try:
            return self._http.get("/health").is_success
        except httpx.TransportError:
            return False

    def _answer(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        response = self._http.request(method, path, **more)
        answer: dict[str, Any] = response.json()
        if not response.is_success:
            raise DemoError(f"{path} answered {response.status_code}: {answer['message']}")
        return answer


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
