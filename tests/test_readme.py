"""The first campaign of the README, its commands run as they stand there."""

import csv
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from functions.settings import Settings

ROOT = Path(__file__).parent.parent
PEOPLE = 6


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Give the URL of a Clarion that was started as the README says."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ours = {name.upper() for name in Settings.model_fields}
    inherited = {k: v for k, v in os.environ.items() if k not in ours}  # noqa: TID251  handed on
    settings = {"CALLING_WINDOWS": "off", "PORT": str(port), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "functions", "serve"]
    running = subprocess.Popen(  # noqa: S603  our own command
        command, cwd=tmp_path, env={**inherited, **settings}, stdout=subprocess.PIPE, text=True
    )
    try:
        assert running.stdout is not None
        assert "Clarion serves" in running.stdout.readline()
        yield f"http://localhost:{port}"
    finally:
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=20)


def commands() -> str:
    """Return the README's commands behind the server's start."""
    section = (ROOT / "README.md").read_text().partition("## The first campaign")[2]
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", section, re.DOTALL | re.MULTILINE))


def test_the_first_campaign_of_the_readme_reaches_everybody(server: str, tmp_path: Path) -> None:
    """Copied into a shell, the README's commands start, pause, resume and report a campaign."""
    script = commands().replace("http://localhost:8080", server)
    ran = subprocess.run(  # noqa: S603  our own page
        ["/bin/bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert "Campaign paused successfully" in ran.stdout
    assert "Campaign resumed from position" in ran.stdout
    rows = list(csv.DictReader(ran.stdout[ran.stdout.index("number,status") :].splitlines()))
    assert [row["status"] for row in rows] == ["completed"] * PEOPLE


def test_the_readme_names_the_page_that_describes_every_request(server: str) -> None:
    """The description of all requests is served where the README says."""
    assert httpx.get(f"{server}/docs").status_code == httpx.codes.OK
