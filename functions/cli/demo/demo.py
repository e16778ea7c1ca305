"""A whole campaign in under a minute, with a pause and a crash: `python -m functions demo`."""

import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import typer
from rich.table import Table

from functions.bootstrap.clock import SystemClock
from functions.channels.simulator.ledger import Ledger, read_ledger
from functions.cli.demo.people import People, write_people
from functions.cli.demo.server import DemoError, DemoServer
from functions.cli.demo.verdict import Evidence, read_report
from functions.cli.runtime import REFUSED, AsJson, console, fail, show
from functions.cli.screen import Screen
from functions.console.pages import DIST
from functions.domain.contacts.phones import parse_phone
from functions.domain.kinds import ChannelKind
from functions.domain.sending_rules.country_rules import rule_of
from functions.domain.sending_rules.windows import next_open
from functions.domain.times import iso

_FOLDER: Final = Path(".data/demo")
_AHEAD: Final = timedelta(seconds=3)
_PATIENCE_S: Final = 120
_PAUSE_AT: Final = 0.25
_PAUSE_S: Final = 4
#: Within this time a pause stops new calls.
_PAUSE_BITES: Final = timedelta(seconds=2)
_KILL_AT: Final = 0.6
_ENDED: Final = frozenset({"completed", "failed", "cancelled"})


@dataclass(slots=True)
class Story:
    """What the demonstration notes on its way."""

    scheduled_at: datetime
    paused_at: datetime | None = None
    resumed_at: datetime | None = None
    back_after_s: float = 0
    end: dict[str, Any] = field(default_factory=dict)  #: the last progress that was reported


def demo(*, as_json: AsJson = False) -> None:
    """Run a campaign of 280 people on this machine: pause it, kill it, and count the calls.

    Nobody is really called. Exits with 0 only if the carrier's ledger and the store agree.
    """
    shutil.rmtree(_FOLDER, ignore_errors=True)
    _FOLDER.mkdir(parents=True)
    try:
        with (
            Screen(console(err=as_json)) as screen,
            DemoServer(_FOLDER) as server,
        ):
            evidence, story = _play(screen, server)
    except DemoError as error:
        fail(REFUSED, str(error))
    result = _result(evidence, story)
    show(result, _table(result, story), as_json=as_json)
    if not result["agree"]:
        raise typer.Exit(REFUSED)


def _play(screen: Screen, server: DemoServer) -> tuple[Evidence, Story]:
    people = write_people(_FOLDER / "people.csv")
    server.start()
    screen.say(f"The server is up at {server.url}, with SQLite and a simulated carrier")
    upload = _bring_in(screen, server, people)
    campaign, story = _schedule(screen, server, upload["listId"])
    _watch(screen, server, campaign, _is_at(_PAUSE_AT))
    _pause(screen, server, campaign, story)
    _watch(screen, server, campaign, _is_at(_KILL_AT))
    _crash(screen, server, story)
    story.end = _watch(screen, server, campaign, lambda progress: progress["status"] in _ENDED)
    screen.say(f"The campaign is {story.end['status']}")
    rows = read_report(server.report(campaign))
    ledger = _last_hangup(server)
    if code := server.stop():
        raise DemoError(f"The server ended with {code}; see {server.log_path}")
    return Evidence(people, upload, rows, ledger), story


def _bring_in(screen: Screen, server: DemoServer, people: People) -> dict[str, Any]:
    upload = server.upload(_FOLDER / "people.csv", "Everybody")
    screen.say(
        f"Uploaded a CSV of {people.rows} rows: {upload['imported']} people,"
        f" {upload['duplicates']} duplicates, {upload['invalid']} invalid numbers"
    )
    server.run("suppress", *people.suppressed, "--reason", "asked not to be called")
    screen.say(f"Suppressed {len(people.suppressed)} of them")
    return upload


def _schedule(screen: Screen, server: DemoServer, list_id: str) -> tuple[str, Story]:
    story = Story(SystemClock().now() + _AHEAD)
    made = server.post(
        "/create-campaign",
        campaignName="Demonstration",
        listId=list_id,
        fromNumber="+12025550100",
        wssUrl="wss://bot.example.com/demo",
        scheduledTime=story.scheduled_at.isoformat(),
    )
    campaign = str(made["campaignId"])
    screen.say(f"Scheduled the campaign for {made['scheduledTime']}")
    if (DIST / "index.html").exists():
        screen.say(f"Watch it at {server.url}/console/#/campaigns/{campaign}")
    else:
        screen.say("With the console (make console) it could be watched in a browser")
    return campaign, story


def _watch(
    screen: Screen, server: DemoServer, campaign: str, until: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Show the campaign's progress until it is as far as that, and return it."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        progress = server.get(f"/campaign-progress/{campaign}")
        done = progress["progress"]
        statistics = progress["statistics"]
        note = f"{statistics['connectedCalls']} connected, {statistics['inFlight']} in flight"
        total, processed = done["totalContacts"], done["processedContacts"]
        screen.progress(f"Campaign {progress['status']}", processed, total, note)
        if until(progress):
            return progress
        time.sleep(0.1)
    raise DemoError(f"The campaign does not come along; see {server.log_path}")


def _is_at(share: float) -> Callable[[dict[str, Any]], bool]:
    return lambda progress: progress["progress"]["progressPercentage"] >= 100 * share


def _pause(screen: Screen, server: DemoServer, campaign: str, story: Story) -> None:
    answer = server.post("/pause-campaign", campaignId=campaign)
    story.paused_at = SystemClock().now()
    screen.say(f"Paused it, with {answer['inFlight']} calls in flight")
    until = time.monotonic() + _PAUSE_S
    _watch(screen, server, campaign, lambda _: time.monotonic() >= until)
    story.resumed_at = SystemClock().now()
    answer = server.post("/resume-campaign", campaignId=campaign)
    screen.say(f"Resumed it, with {answer['remainingContacts']} people still to call")


def _crash(screen: Screen, server: DemoServer, story: Story) -> None:
    server.kill()
    began = time.monotonic()
    screen.say("Killed the server (SIGKILL) in the middle of its calls")
    server.start()
    story.back_after_s = time.monotonic() - began
    screen.say(f"Started it again; it was back after {story.back_after_s:.1f} s")


def _last_hangup(server: DemoServer) -> Ledger:
    """Return the ledger once the carrier has ended its last call."""
    deadline = time.monotonic() + _PATIENCE_S
    while (ledger := read_ledger(server.ledger_path)).live:
        if time.monotonic() > deadline:
            raise DemoError(f"{len(ledger.live)} calls never end; see {server.ledger_path}")
        time.sleep(0.1)
    return ledger


def _calls_while_paused(evidence: Evidence, story: Story) -> int:
    assert story.paused_at and story.resumed_at, "played to its end"  # noqa: S101, PT018 - for the type checker
    quiet_from = story.paused_at + _PAUSE_BITES
    return sum(quiet_from <= call.at < story.resumed_at for call in evidence.ledger.placed)


def _first_call_s(evidence: Evidence, story: Story) -> float:
    first = min(call.at for call in evidence.ledger.placed)
    return (first - story.scheduled_at).total_seconds()


def _held_back(evidence: Evidence) -> int:
    """Count those whom the calling windows, off in the demo, would let wait for their morning."""
    now = SystemClock().now()
    phones = [parse_phone(number) for number in evidence.people.numbers]
    rules = {each.region: rule_of(each.region, ChannelKind.VOICE, {}) for each in phones}
    return sum(next_open(rules[each.region].windows, each.zones, now=now) != now for each in phones)


def _result(evidence: Evidence, story: Story) -> dict[str, Any]:
    wrong = {
        **evidence.verdict(),
        "calls begun later than 2 s after the pause": _calls_while_paused(evidence, story),
    }
    return {
        "agree": not any(wrong.values()),
        "scheduledTime": iso(story.scheduled_at),
        "actualStartTime": story.end["timing"]["startedAt"],
        "startLatenessSeconds": story.end["timing"]["startLatenessSeconds"],
        "firstCallAfterSeconds": round(_first_call_s(evidence, story), 3),
        "rows": evidence.people.rows,
        "duplicateRows": evidence.upload["duplicates"],
        "invalidRows": evidence.upload["invalid"],
        "peopleByStatus": dict(evidence.statuses),
        "skippedByReason": dict(evidence.skipped),
        "unknown": evidence.statuses["unknown"],
        "calls": len(evidence.ledger.placed),
        "callsByOutcome": dict(evidence.ledger.hangups),
        "backAfterKillSeconds": round(story.back_after_s, 1),
        "wouldWaitForTheirMorning": _held_back(evidence),
        "wrong": wrong,
    }


def _table(result: dict[str, Any], story: Story) -> Table:
    table = Table("What", "Figure", title="The demonstration")
    table.add_row("Scheduled start", result["scheduledTime"])
    table.add_row("Actual start", result["actualStartTime"])
    table.add_row("Lateness of the start", f"{1000 * result['startLatenessSeconds']:.0f} ms")
    table.add_row("First call after", f"{1000 * result['firstCallAfterSeconds']:.0f} ms")
    left_out = f"{result['duplicateRows']} duplicates, {result['invalidRows']} invalid"
    table.add_row("Rows left out at import", left_out)
    table.add_row("People by status", _counted(result["peopleByStatus"]))
    table.add_row("Skipped by reason", _counted(result["skippedByReason"]))
    table.add_row("Unknown: answer lost, never repeated", str(result["unknown"]))
    table.add_row("Calls, by the carrier's ledger", str(result["calls"]))
    table.add_row("Calls by outcome", _counted(result["callsByOutcome"]))
    table.add_row("Back after the kill", f"{story.back_after_s:.1f} s")
    table.add_row(
        "Calling windows (off here) would hold back", str(result["wouldWaitForTheirMorning"])
    )
    table.add_section()
    for what, count in result["wrong"].items():
        table.add_row(what.capitalize(), f"[{'red' if count else 'green'}]{count}")
    return table


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in Counter(counts).most_common())
