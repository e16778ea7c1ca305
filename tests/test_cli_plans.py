"""Plans and their campaigns on the command line: lint, schema, start, close, read and replace."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from functions.bootstrap.stack import build
from functions.cli.app import app
from functions.settings.load import load_settings
from functions.settings.model import Settings
from tests.api.plans.plans import plan, send, wish


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Run in an empty folder, with nobody's settings, and keep log lines out of the output."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    with capture_logs():
        yield


def run(*arguments: str, said: str | None = None) -> Result:
    """Run a command."""
    return CliRunner().invoke(app, list(arguments), input=said, catch_exceptions=False)


def file(document: Any) -> str:
    """Write a plan into a file."""
    Path("plan.json").write_bytes(orjson.dumps(document))
    return "plan.json"


async def written() -> str:
    """Write a journey into the store here; return its id."""
    stack = build(load_settings())
    transport = httpx.ASGITransport(stack.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        id_: str = (await http.post("/campaigns", json=wish())).json()["id"]
    await stack.close()
    return id_


def test_a_right_plan_passes() -> None:
    """The exit code is 0, as with doubts alone."""
    right = run("plans", "lint", file(plan()))
    assert (right.exit_code, right.stdout.strip()) == (0, "A journey without mistakes.")
    doubted = run("plans", "lint", file(plan(send(body="Hi {{ first_nme }}"))))
    assert doubted.exit_code == 0
    assert "Errors: 0. Warnings: 1." in doubted.stdout
    assert run("plans", "lint", "-", said=orjson.dumps(plan()).decode()).exit_code == 0


def test_a_plan_with_a_mistake_fails() -> None:
    """The exit code is 1, and the mistake is told with its place, as JSON too."""
    wrong = file(plan(send(to="nowhere")))
    told = run("plans", "lint", wrong)
    assert told.exit_code == 1
    assert "/nodes/0/transitions/0/to" in told.stdout
    result = run("plans", "lint", wrong, "--json")
    found = orjson.loads(result.stdout)
    assert (result.exit_code, found["valid"]) == (1, False)
    assert found["findings"][0]["code"] == "unknown_target"


def test_what_is_no_plan_is_told() -> None:
    """A file that is no JSON, one that is none of a plan, and one that there is not."""
    Path("broken.json").write_text("{")
    broken = run("plans", "lint", "broken.json")
    assert (broken.exit_code, broken.stdout) == (1, "")
    assert "broken.json is no JSON" in broken.stderr
    assert run("plans", "lint", file([])).exit_code == 1
    assert run("plans", "lint", "none.json").exit_code == 2


@pytest.mark.parametrize("option", [[], ["--strict"]])
def test_the_schema_is_printed(option: list[str]) -> None:
    """As JSON, for a program to read."""
    printed = run("plans", "schema", *option)
    assert printed.exit_code == 0
    assert orjson.loads(printed.stdout)["title"] == "Plan"


def test_a_journey_is_steered() -> None:
    """Its plan is printed and replaced while it is a draft; it is started, watched and closed."""
    id_ = asyncio.run(written())
    assert orjson.loads(run("campaigns", "plan", id_[:8]).stdout) == plan()
    other = plan(send(body="Hello"))
    replaced = run("campaigns", "plan", id_, "--file", file(other))
    assert orjson.loads(replaced.stdout) == {"version": 2}
    assert orjson.loads(run("campaigns", "plan", id_).stdout) == other
    assert orjson.loads(run("campaigns", "plan", id_, "--version", "1").stdout) == plan()
    begun = run("campaigns", "start", id_)
    assert begun.stdout.strip() == "Welcome is running; people may enter."
    edited = file(plan(send("welcome")))
    told = orjson.loads(run("campaigns", "plan", id_, "--file", edited, "--dry-run").stdout)
    assert (told["version"], told["added"], told["removed"][0]["id"]) == (3, ["welcome"], "hello")
    shown = orjson.loads(run("campaigns", "show", id_, "--json").stdout)
    assert (shown["kind"], shown["planVersion"], shown["walks"]["active"]) == ("journey", 2, 0)
    assert "Left upon" in run("campaigns", "show", id_).stdout
    closed = orjson.loads(run("campaigns", "close", id_, "--json").stdout)
    assert (closed["entryOpen"], closed["campaignName"]) == (False, "Welcome")
    again = run("campaigns", "close", id_)
    assert (again.exit_code, again.stderr.strip()) == (1, "Campaign is already closed")


def test_people_go_over_to_an_edited_plan() -> None:
    """A node that is no more needs an answer; nonsense in it is wrong usage."""
    id_ = asyncio.run(written())
    run("campaigns", "start", id_)
    run("enroll", id_, "+12025550142")
    run("campaigns", "plan", id_, "--file", file(plan(send("welcome"))))
    refused = run("campaigns", "migrate", id_)
    assert (refused.exit_code, "1 person stands there" in refused.stderr) == (1, True)
    assert run("campaigns", "migrate", id_, "--map", "hello").exit_code == 2
    asked = run("campaigns", "migrate", id_[:8], "--map", "hello=welcome")
    assert asked.stdout.startswith("Those who are under way go over to version 2;")
    other = run("campaigns", "migrate", id_, "--to", "1", "--map", "welcome=exit")
    assert (other.exit_code, "A migration to version 2 is under way" in other.stderr) == (1, True)
    same = run("campaigns", "migrate", id_, "--map", "hello=welcome", "--json")
    assert orjson.loads(same.stdout)["map"] == {"hello": "welcome"}


def test_a_plan_is_read_or_replaced() -> None:
    """Not both at once."""
    both = run("campaigns", "plan", "abc", "--version", "1", "--file", file(plan()))
    assert both.exit_code == 2
    assert run("campaigns", "plan", "abc", "--dry-run").exit_code == 2


def test_somebody_is_erased_who_is_called_by_a_name_of_their_own() -> None:
    """Not without --yes; of whom nothing is known is told, and the exit code is 1."""
    id_ = asyncio.run(written())
    run("campaigns", "start", id_)
    assert run("enroll", id_, "member-4711").exit_code == 0
    assert run("erase", "member-4711").exit_code == 2
    told = run("erase", "member-4711", "member-4712", "--yes")
    assert (told.exit_code, told.stdout.strip()) == (
        1,
        "1 erased. Nothing is known of member-4712.",
    )


def test_a_rule_of_recurrence_is_previewed() -> None:
    """In words and instants; one that is refused says which part, and exits with 1."""
    asked = ("recurrences", "preview", "FREQ=MONTHLY;BYDAY=2MO;BYHOUR=9;BYMINUTE=0")
    begun = ("--zone", "Europe/London", "--start", "2026-03-01T00:00:00Z", "-n", "2")
    shown = run(*asked, *begun)
    assert shown.exit_code == 0
    assert "every second Monday of the month at 09:00" in shown.stdout
    assert "2026-04-13T09:00:00+01:00" in shown.stdout
    told = orjson.loads(run(*asked, *begun, "--json").stdout)
    assert [each["at"] for each in told["occurrences"]] == [
        "2026-03-09T09:00:00.000Z",
        "2026-04-13T08:00:00.000Z",
    ]
    refused = run("recurrences", "preview", "FREQ=DAILY;INTERVAL=0")
    assert refused.exit_code == 1
    assert "rrule: INTERVAL: must be whole numbers from 1" in refused.stderr
