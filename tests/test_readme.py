"""The pages' commands, run as they stand there: the README's first campaign, and the REST guide."""

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

from functions.settings.model import Settings

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
PEOPLE = 6


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Give the URL of a Clarion that was started as the README says."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ours = {name.upper() for name in Settings.model_fields}
    inherited = {k: v for k, v in os.environ.items() if k not in ours}  # noqa: TID251  handed on
    settings = {
        "CALLING_WINDOWS": "off",
        "PORT": str(port),
        "PYTHONPATH": str(ROOT),
        # The simulator turns down one text in twenty, by chance, for half a minute.
        "SIMULATOR_SCRIPT": "rejected=0,text_latency_ms=50,delivery_ms=200",
    }
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


def blocks(text: str, language: str) -> str:
    """Return what stands in a page's blocks of a language."""
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE))


def run(commands: str, server: str, folder: Path) -> str:
    """Run commands as a user does who copies them into a shell; return what they print."""
    ran = subprocess.run(  # noqa: S603  our own page
        ["/bin/bash", "-euo", "pipefail", "-c", commands.replace("http://localhost:8080", server)],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_first_campaign_of_the_readme_reaches_everybody(server: str, tmp_path: Path) -> None:
    """Copied into a shell, the README's commands start, pause, resume and report a campaign."""
    section = (ROOT / "README.md").read_text().partition("## The first campaign")[2]
    printed = run(blocks(section, "sh"), server, tmp_path)
    assert "Campaign paused successfully" in printed
    assert "Campaign resumed from position" in printed
    report = printed[printed.index("number,status") :].splitlines()[: PEOPLE + 1]
    assert [row["status"] for row in csv.DictReader(report)] == ["completed"] * PEOPLE
    assert '"rendered_message": "Hello Alice!"' in printed
    assert '"body": "Hello Alice!"' in printed


def test_the_readme_names_the_page_that_describes_every_request(server: str) -> None:
    """The description of all requests is served where the README says."""
    assert httpx.get(f"{server}/docs").status_code == httpx.codes.OK


#: Members whose values are another ones with every run.
_OWN = r"id|\w+_id|at|\w+_at|undo_until|bytes\w*"


def test_the_rest_guide_shows_what_is_answered(server: str, tmp_path: Path) -> None:
    """Copied into a shell, the guide's commands are answered with every member that it shows."""
    page = (ROOT / "docs/guide/rest.md").read_text()
    printed = run(blocks(page, "sh"), server, tmp_path)
    shown = re.findall(r'"(\w+)":("[^"]*"|\w+)', blocks(page, "json"))
    assert len(shown) > 100
    told = [f'"{name}":{value}' for name, value in shown if not re.fullmatch(_OWN, name)]
    whole = [each for each in told if "..." not in each]
    assert [each for each in whole if each not in printed] == []
    assert "idempotency-replayed: true" in printed
