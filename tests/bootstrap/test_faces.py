"""Every target of main.py is a function of its own, and serves its part and nothing else."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import httpx
import orjson
import pytest
from functions_framework.aio import create_asgi_app
from typer.testing import CliRunner

from functions import __version__
from functions.bootstrap import entry
from functions.cli.app import app as commands
from tests.api.rig import BASE, Rig

ROOT = Path(__file__).parents[2]
NO_CAMPAIGN = (404, "Campaign not found")
NO_LIST = (404, "List not found")
NO_TASK = (200, "kind: there is no task of kind 'polka'")
FORGED = (403, "The callback's signature is missing or wrong.")
NO_LINK = (404, "Link not found")
NOT_THERE = (404, "Not Found")
ONE = {"campaignId": "a"}


class Case(NamedTuple):
    """How a target is asked, and what only its own function answers."""

    method: str
    path: str  #: its own
    below: str  #: what follows its path
    body: Any
    status: int
    says: str


CASES = {
    "create_campaign": Case("POST", "/create-campaign", "", {}, 400, "campaignName: Field"),
    "pause_campaign": Case("POST", "/pause-campaign", "", ONE, *NO_CAMPAIGN),
    "resume_campaign": Case("POST", "/resume-campaign", "", ONE, *NO_CAMPAIGN),
    "cancel_campaign": Case("POST", "/cancel-campaign", "", ONE, *NO_CAMPAIGN),
    "reschedule_campaign": Case(
        "POST", "/reschedule-campaign", "", ONE, 400, "scheduledTime: Field"
    ),
    "retry_campaign": Case("POST", "/retry-campaign", "", ONE, *NO_CAMPAIGN),
    "campaign_progress": Case("GET", "/campaign-progress", "/a", None, *NO_CAMPAIGN),
    "get_report_by_campaign": Case("POST", "/get-report-by-campaign", "", ONE, *NO_CAMPAIGN),
    "upload_csv": Case("POST", "/upload-csv", "", None, 400, "file: Field required"),
    "get_list_contact": Case("GET", "/get-list-contact", "?listId=a", None, *NO_LIST),
    "single_call": Case("POST", "/single-call", "", {}, 400, "from: Field required"),
    "check_scheduled_campaigns": Case(
        "GET", "/check-scheduled-campaigns", "", None, 200, "No scheduled campaigns due to start"
    ),
    "run_task": Case("POST", "/tasks", "/run", {"kind": "polka"}, *NO_TASK),
    "receive_webhook": Case("POST", "/webhooks", "/simulator/ring/o/c/m/1", None, *FORGED),
    "links": Case("GET", "/links", "/c/x", None, *NO_LINK),
    "health": Case("GET", "/health", "", None, 200, ""),
}

Serve: TypeAlias = Callable[[str], httpx.AsyncClient]


@pytest.fixture
async def serve(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Serve]:
    """Give a function that serves a target as functions-framework does, all on one stack."""
    monkeypatch.setattr(entry, "_stack", rig.stack)
    clients = []

    def client(target: str) -> httpx.AsyncClient:
        app = create_asgi_app(  # type: ignore[no-untyped-call] # has no types
            target=target, source=str(ROOT / "main.py")
        )
        clients.append(httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE))
        return clients[-1]

    yield client
    for each in clients:
        await each.aclose()


async def answered(client: httpx.AsyncClient, case: Case, path: str) -> bool:
    """Tell whether a path, with what the case has below it, is answered by the case's function."""
    answer = await client.request(case.method, path + case.below, json=case.body)
    if answer.headers["content-type"].startswith("text/html"):
        return answer.status_code == case.status  # a page for the readers of mails
    says = answer.json().get("message", "")
    return answer.status_code == case.status and says.startswith(case.says)


def test_no_target_is_forgotten() -> None:
    """Every function of main.py has a case."""
    import main

    targets = {
        name
        for name, value in vars(main).items()
        if callable(value) and getattr(value, "__module__", "") == "main"
    }
    assert targets == {"app", "api", *CASES}


@pytest.mark.parametrize("target", CASES)
async def test_a_target_serves_its_root_and_its_path(serve: Serve, target: str) -> None:
    """A function is reached at its root, at its own path, and under the old /plivo prefix."""
    client, case = serve(target), CASES[target]
    root = "" if case.below.startswith("/") else "/"
    for path in (root, case.path, f"/plivo{case.path}"):
        assert await answered(client, case, path), path


@pytest.mark.parametrize("target", CASES)
async def test_a_target_serves_nothing_else(serve: Serve, target: str) -> None:
    """The paths of all other functions, and the application's own pages, are not there."""
    client = serve(target)
    others = [case for name, case in CASES.items() if name != target]
    for prefix in ("", "/plivo"):
        for case in others:
            path = prefix + case.path + case.below
            answer = await client.request(case.method, path, json=case.body)
            if target == "campaign_progress" and path.count("/") == 1:
                # One word behind its root is the id of a campaign, and takes no parameters.
                assert answer.status_code in {400, 404, 405}
            else:
                assert (answer.status_code, answer.json()["message"]) == NOT_THERE, path
    for path in ("/docs", "/redoc"):
        assert (await client.get(path)).status_code == 404


async def test_app_serves_everything_under_one_port(serve: Serve) -> None:
    """The target `app` answers every function's path (also below /plivo) and greets at "/"."""
    client = serve("app")
    for case in CASES.values():
        assert await answered(client, case, case.path)
        assert await answered(client, case, f"/plivo{case.path}")
    assert (await client.get("/")).headers["content-type"].startswith("text/html")


async def test_plivo_s_webhooks_are_not_taken_for_the_old_prefix(serve: Serve) -> None:
    """Below receive_webhook's own root, /plivo is the carrier's name and not a prefix."""
    answer = await serve("receive_webhook").post("/plivo/ring/o/c/m/1")
    assert (answer.status_code, answer.json()["message"]) == (404, "Provider not found")


async def test_targets_share_one_store(serve: Serve, rig: Rig) -> None:
    """What one function creates, another steers and a third shows."""
    id_ = await rig.campaign(scheduledTime="2026-03-02T13:00:00Z")
    cancelled = await serve("cancel_campaign").post("/", json={"campaignId": id_})
    assert cancelled.json()["message"] == "Campaign cancelled successfully"
    seen = await serve("campaign_progress").get(f"/{id_}")
    assert seen.json()["status"] == "cancelled"


@pytest.mark.parametrize("path", ["/", "/upload-csv", "/plivo/upload-csv"])
async def test_a_large_file_may_come_in_at_a_target_s_root(serve: Serve, path: str) -> None:
    """The larger limit for files holds wherever upload_csv is reached, and for it only."""
    content = b"number,name\n" + b"".join(
        b"+1212555%04d,%s\n" % (n, b"x" * 700) for n in range(2000, 4000)
    )
    form: dict[str, Any] = {
        "files": {"file": ("a.csv", content)},
        "data": {"listName": "L"},
    }
    answer = await serve("upload_csv").post(path, **form)
    assert (answer.status_code, answer.json()["imported"]) == (200, 2000)
    refused = await serve("create_campaign").post("/", content=b"x" * 1_000_001)
    assert refused.status_code == 413


COLD = """
import asyncio, httpx, sys
from functions_framework.aio import create_asgi_app

async def main():
    app = create_asgi_app(target=sys.argv[1], source=sys.argv[2])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.get("/")
    print(answer.status_code, answer.text)

asyncio.run(main())
"""


def cold(folder: Path, target: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Send the first request to a function in a process of its own, set up by its environment."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}  # noqa: TID251 - of another process
    return subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", COLD, target, str(ROOT / "main.py")],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )


def test_the_first_request_builds_everything(tmp_path: Path) -> None:
    """A cold function reads its environment, opens its store and answers."""
    done = cold(tmp_path, "check_scheduled_campaigns", MAX_CAMPAIGNS="7")
    assert done.stdout.startswith('200 {"success":true')
    assert '"maxCampaigns":7' in done.stdout
    assert (tmp_path / ".data" / "clarion.db").exists()


def test_a_wrong_setting_is_named_in_the_log(tmp_path: Path) -> None:
    """MAX_CAMPAIGNS=abc does no work: the log names the setting, the caller is told nothing."""
    done = cold(tmp_path, "check_scheduled_campaigns", MAX_CAMPAIGNS="abc")
    assert done.stdout.startswith("500 ")
    assert "MAX_CAMPAIGNS" not in done.stdout
    assert "MAX_CAMPAIGNS: " in done.stderr


async def test_the_api_is_described_with_the_version_of_the_code(rig: Rig) -> None:
    """The API's description tells the version that the command tells."""
    assert (await rig.get("/openapi.json")).json()["info"]["version"] == __version__


async def test_the_description_is_printed_without_a_server(rig: Rig) -> None:
    """`openapi` prints what a server serves, wherever it is called and whatever is set."""
    printed = CliRunner().invoke(commands, ["openapi"])
    assert orjson.loads(printed.stdout) == (await rig.get("/openapi.json")).json()
