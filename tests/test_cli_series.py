"""Broadcasts that repeat themselves, on the command line."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from functions.bootstrap.stack import build
from functions.cli.app import app
from functions.settings.load import load_settings
from functions.settings.model import Settings

DAILY = ("--repeat", "FREQ=DAILY;BYHOUR=9;BYMINUTE=0", "--zone", "Europe/London")


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Run in an empty folder, with nobody's settings, and keep log lines out of the output."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    with capture_logs():
        yield


def run(*arguments: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


async def written() -> str:
    """Write a draft to everyone into the store here; return its id."""
    stack = build(load_settings())
    transport = httpx.ASGITransport(stack.app)
    wish = {"name": "News", "channel": "sms", "base_template": "Hi", "audience": {"everyone": True}}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        id_: str = (await http.post("/campaigns", json=wish)).json()["id"]
    await stack.close()
    return id_


def test_a_series_is_scheduled_passed_over_and_shown() -> None:
    """By the beginning of an id; each command says what comes next."""
    id_ = asyncio.run(written())
    begun = run("campaigns", "schedule", id_[:8], *DAILY, "--count", "2")
    assert begun.exit_code == 0
    assert "every day at 09:00, 2 times" in begun.stdout
    skipped = orjson.loads(run("campaigns", "skip", id_, "--reason", "holiday", "--json").stdout)
    last = run("campaigns", "skip", skipped["following"])
    assert "it was the last" in last.stdout
    shown = run("campaigns", "runs", id_)
    assert "every day at 09:00, 2 times" in shown.stdout
    assert shown.stdout.count("cancelled") == 2
    told = orjson.loads(run("campaigns", "runs", skipped["following"], "--json").stdout)
    assert [each["campaign_id"] for each in told["runs"]] == [skipped["following"], id_]


@pytest.mark.parametrize(
    "options",
    [(), DAILY[:2], ("--zone", "Europe/London"), ("--at", "2030-01-01T00:00:00Z", "--count", "2")],
)
def test_half_a_schedule_is_wrong_usage(options: tuple[str, ...]) -> None:
    """Exit code 2, before anybody is asked."""
    assert run("campaigns", "schedule", "a" * 32, *options).exit_code == 2


def test_a_refused_rule_is_told_by_its_part() -> None:
    """Exit code 1; what comes once is not passed over either."""
    id_ = asyncio.run(written())
    refused = run("campaigns", "schedule", id_, "--repeat", "FREQ=HOURLY", *DAILY[2:])
    assert refused.exit_code == 1
    assert "FREQ: must be one of DAILY" in refused.stderr
    assert run("campaigns", "skip", id_).exit_code == 1
    assert "has no series" in run("campaigns", "runs", id_).stderr
