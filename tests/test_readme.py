"""The pages' commands, run as they stand there: the README's first campaign, and the REST guide."""

import csv
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from functions.settings.model import Settings
from tests.conftest import Once

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
PEOPLE = 6


def environment(port: str) -> dict[str, str]:
    """Return what the server and its readers are told, in place of settings of our own."""
    ours = {name.upper() for name in Settings.model_fields}
    inherited = {k: v for k, v in os.environ.items() if k not in ours}  # noqa: TID251  handed on
    return {
        **inherited,
        "CALLING_WINDOWS": "off",
        "PORT": port,
        "PATH": f"{Path(sys.executable).parent}:{inherited['PATH']}",
        "PYTHONPATH": str(ROOT),
        # The simulator turns down one text in twenty, by chance, for half a minute.
        "SIMULATOR_SCRIPT": "rejected=0,text_latency_ms=50,delivery_ms=200",
    }


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Give the URL of a Clarion that was started as the README says."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "functions", "serve"]
    running = subprocess.Popen(  # noqa: S603  our own command
        command, cwd=folder, env=environment(str(port)), stdout=subprocess.PIPE, text=True
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


#: The pages in the order in which a newcomer reads them, in one shell and on one database.
PAGES = (
    "README.md",
    "docs/guide/rest.md",
    "docs/guide/integrating.md",
    "docs/guide/journeys.md",
    "docs/guide/files.md",
    "docs/guide/notifications.md",
    "docs/guide/operating.md",
)
_MARK = "@@ page"
_DOCS = "/docs"


def section(page: str) -> str:
    """Return the part of a page whose commands are run."""
    text = (ROOT / page).read_text()
    return text.partition("## The first campaign")[2] if page == "README.md" else text


@pytest.fixture(scope="module")
def printed(once: Once, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Run all pages as a user does who copies them into a shell; give what each prints."""
    folder = tmp_path_factory.mktemp("clarion")
    printed: dict[str, str] = once("pages", lambda: _run_pages(folder))
    return printed


def _run_pages(folder: Path) -> dict[str, str]:
    commands = "\n".join(f"echo; echo '{_MARK}'\n{blocks(section(page), 'sh')}" for page in PAGES)
    described = f"echo '{_MARK}'; curl -s --fail $URL{_DOCS}"
    with serving(folder) as server:
        ran = subprocess.run(  # noqa: S603  our own pages
            [
                "/bin/bash",
                "-euo",
                "pipefail",
                "-c",
                f"{commands}\n{described}".replace("http://localhost:8080", server),
            ],
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
            env=environment(server.rpartition(":")[2]),
            timeout=100,
        )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr
    # Pages name the server as people do, and it names itself by its number.
    port = server.rpartition(":")[2]
    told = ran.stdout.replace(f"http://127.0.0.1:{port}", "http://localhost:8080")
    _, *parts = told.split(f"{_MARK}\n")
    return dict(zip((*PAGES, _DOCS), parts, strict=True))


def test_the_first_campaign_of_the_readme_reaches_everybody(printed: dict[str, str]) -> None:
    """Copied into a shell, the README's commands start, pause, resume and report a campaign."""
    told = printed["README.md"]
    assert "Campaign paused successfully" in told
    assert "Campaign resumed from position" in told
    report = told[told.index("number,status") :].splitlines()[: PEOPLE + 1]
    assert [row["status"] for row in csv.DictReader(report)] == ["completed"] * PEOPLE
    assert '"rendered_message": "Hello Zoe!"' in told
    assert '"body": "Hello Zoe!"' in told


def test_the_readme_names_the_page_that_describes_every_request(printed: dict[str, str]) -> None:
    """The description of all requests is served where the README says."""
    assert "openapi.json" in printed[_DOCS]


#: Members whose values are another ones with every run.
_OWN = r"id|\w+_id|at|\w+_at|undo_until|bytes\w*"


@pytest.mark.parametrize("page", PAGES[1:5])
def test_a_guide_shows_what_is_answered(printed: dict[str, str], page: str) -> None:
    """After the pages before it, a guide's commands are answered with every member it shows."""
    shown = re.findall(r'"(\w+)":("[^"]*"|\w+)', blocks(section(page), "json"))
    told = [f'"{name}":{value}' for name, value in shown if not re.fullmatch(_OWN, name)]
    whole = [each for each in told if "..." not in each]
    assert [each for each in whole if each not in printed[page]] == []


def test_the_rest_guide_shows_all_that_there_is(printed: dict[str, str]) -> None:
    """It shows answers of every noun, and a repeated request is told as one."""
    assert len(re.findall(r'"(\w+)":', blocks(section("docs/guide/rest.md"), "json"))) > 100
    assert "idempotency-replayed: true" in printed["docs/guide/rest.md"]


def test_the_last_pages_find_what_the_first_have_made(printed: dict[str, str]) -> None:
    """A subscription is made, and the README's campaign is shown from the command line."""
    assert '"secret":"whsec_' in printed["docs/guide/notifications.md"]
    assert "completed" in printed["docs/guide/operating.md"]
