"""`serve` runs everything under one port, in a real process that is really told to stop."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from functions.channels.simulator.ledger import read_ledger
from functions.console.pages import DIST
from functions.settings.model import Settings

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
PATIENCE_S = 30
IS_BUILT = (DIST / "index.html").exists()
#: Quick calls, and a rate at which a campaign of 200 takes five seconds.
QUICK = {
    "SIMULATOR_SCRIPT": "ring_ms=20,pickup_ms=20,duration_s=0.1",
    "CALLING_WINDOWS": "off",
    "VOICE_RATE_PER_S": "40",
    "LIVE_CALLS_PER_ORG": "100",
    "LIVE_CALLS_TOTAL": "100",
    "LANE_LEASE_S": "2",
    "SEND_LEASE_S": "2",
    "UNKNOWN_WAIT_S": "1",
    "CHECK_INTERVAL_S": "1",
}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def environment(**settings: str) -> dict[str, str]:
    """Return the environment of a server with these settings alone."""
    outside = {k: v for k, v in os.environ.items() if k.lower() not in Settings.model_fields}  # noqa: TID251  handed on
    # Warnings, such as of things that were not closed, are to be seen.
    return {**outside, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "always", **settings}


def start(folder: Path, **settings: str) -> subprocess.Popen[str]:
    """Start a server in an empty folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "functions", "serve"],
        cwd=folder,
        env=environment(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def serving(folder: Path, port: int, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """Run a server that is well for the length of a `with`; what is left of it is killed."""
    process = start(folder, PORT=str(port), LOG_LEVEL="warning", **settings)
    try:
        until(lambda: is_well(port) or process.poll() is not None)
        yield process
    finally:
        process.kill()
        process.communicate()


def until(happened: Any) -> None:
    """Wait until something has happened."""
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.05)


def is_well(port: int) -> bool:
    """Tell whether a server answers that it is well."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).is_success
    except httpx.TransportError:
        return False


def stop(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> tuple[int, str, str]:
    """Send a signal; return the exit code and what was printed and logged."""
    process.send_signal(number)
    printed, logged = process.communicate(timeout=PATIENCE_S)
    return process.returncode, printed, logged


def console_at(port: int) -> list[str]:
    """Return the line that leads to the console, which is there once it is built."""
    line = f"Open http://localhost:{port}/console/ in a browser to see and steer it"
    return [line] if IS_BUILT else []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_says_what_it_serves_and_stops_cleanly(tmp_path: Path, number: int) -> None:
    """It prints URL, store and openness, where to begin, and whether hours hold people back."""
    port = free_port()
    with serving(tmp_path, port, CALLING_WINDOWS="off") as process:
        code, printed, logged = stop(process, number)
    assert (code, logged) == (0, "")
    url = f"http://127.0.0.1:{port}"
    serves = f"Clarion serves {url} from sqlite:///.data/clarion.db"
    assert printed.splitlines() == [
        f"{serves}, open to this machine only (AUTH_MODE=off)",
        *console_at(port),
        f"http://localhost:{port}/docs describes every request",
    ]


def test_the_url_that_is_printed_answers_something_that_a_person_can_use(tmp_path: Path) -> None:
    """The page at the root leads to the console, to the API's description and to its health."""
    port = free_port()
    with serving(tmp_path, port) as process:
        page = httpx.get(f"http://127.0.0.1:{port}/")
        links = re.findall(r'href="([^"]+)"', page.text)
        answers = [httpx.get(f"http://127.0.0.1:{port}{link}").status_code for link in links]
        stop(process, signal.SIGTERM)
    assert page.headers["content-type"].startswith("text/html")
    assert links == ["/console/", "/docs", "/openapi.json", "/health"]
    assert answers == [200 if IS_BUILT else 503, 200, 200, 200]


def test_whoever_tries_it_at_night_is_told_of_the_hours(tmp_path: Path) -> None:
    """Where nobody is really called, the hours that hold people back are said with the URL."""
    port = free_port()
    with serving(tmp_path, port, CALLING_WINDOWS="default") as process:
        _, printed, _ = stop(process, signal.SIGTERM)
    assert "CALLING_WINDOWS=off" in printed.splitlines()[-1]


def test_bad_settings_stop_the_start(tmp_path: Path) -> None:
    """Every sentence that the settings are refused with is printed, and the exit code is 2."""
    process = start(tmp_path, HOST="0.0.0.0", MAX_CAMPAIGNS="5")  # noqa: S104  refused before it listens
    printed, logged = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, printed) == (2, "")
    names = [line.partition(":")[0] for line in logged.splitlines()]
    assert names == ["AUTH_MODE", "INVOKER_AUTH"]


def test_a_port_in_use_is_told_in_a_sentence(tmp_path: Path) -> None:
    """A port that somebody else has stops the start with 2 and names the setting."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start(tmp_path, PORT=str(taken.getsockname()[1]))
        _, logged = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert logged.startswith("PORT: cannot listen on 127.0.0.1:")


def begin_campaign(port: int, people: int) -> str:
    """Upload people and start a campaign to all of them at once."""
    numbers = "".join(f"+1202555{n:04}\n" for n in range(100, 100 + people))
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        files = {"file": f"number\n{numbers}".encode()}
        uploaded = client.post("/upload-csv", files=files, data={"listName": "People"}).json()
        body = {
            "campaignName": "All",
            "listId": uploaded["listId"],
            "fromNumber": "+12025550001",
            "wssUrl": "wss://bot.example.com/a",
        }
        return str(client.post("/create-campaign", json=body).json()["campaignId"])


def progress(port: int, campaign: str) -> dict[str, Any]:
    """Return a campaign's progress."""
    url = f"http://127.0.0.1:{port}/campaign-progress/{campaign}"
    return dict(httpx.get(url, trust_env=False).json())


def test_a_stopped_campaign_goes_on_with_nobody_in_doubt(tmp_path: Path) -> None:
    """A server told to stop amid its calls sends what it has claimed; the next one does the rest.

    Everybody is called exactly once, and no outcome is unknown.
    """
    port, ledger = free_port(), tmp_path / ".data/carrier.jsonl"
    with serving(tmp_path, port, **QUICK) as process:
        campaign = begin_campaign(port, 120)
        until(lambda: len(read_ledger(ledger).placed) >= 30)
        code, _, logged = stop(process)
    assert (code, logged) == (0, "")
    assert len(read_ledger(ledger).placed) < 120
    with serving(tmp_path, port, **QUICK) as process:
        until(lambda: progress(port, campaign)["status"] == "completed")
        counts = Counter(progress(port, campaign)["statistics"]["byStatus"])
        assert stop(process)[0] == 0
    assert +counts == Counter(completed=120)
    assert set(read_ledger(ledger).addresses.values()) == {1}
