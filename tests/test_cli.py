"""The command line does what its help says, and its exit codes can be relied on."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from functions import __version__
from functions.bootstrap.clock import SystemClock
from functions.bootstrap.stack import Stack, build
from functions.cli.app import app
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action
from functions.domain.contacts.phones import parse_phone
from functions.engine import paths
from functions.engine.campaigns import creation, lifecycle, single_message
from functions.engine.contacts import suppressions
from functions.engine.delivery import recall
from functions.engine.imports.list_upload import import_csv
from functions.engine.messages.counting import Increments
from functions.engine.ports.store import Create
from functions.settings.load import load_settings
from functions.settings.model import Settings
from tests.clock import MovedClock
from tests.salted import contact_id

HOUR = timedelta(hours=1)
CSV = b"number,name\n+12025550101,Ada\n+1 202-555-0101,Ada again\ncall me,Ben\n+442079460123,Cleo\n"


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


def answer(*arguments: str) -> dict[str, Any]:
    """Run a command that succeeds and return the JSON that it prints."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return dict(orjson.loads(result.stdout))


def prepare(work: Callable[[Stack], Awaitable[Campaign]], *, ago: timedelta = HOUR) -> Campaign:
    """Do something in the store that the commands use, some time ago."""

    async def do() -> Campaign:
        clock = MovedClock(SystemClock().now() - ago)
        stack = build(load_settings(), clock=clock)
        try:
            return await work(stack)
        finally:
            await stack.close()

    return asyncio.run(do())


def wish(name: str, **more: Any) -> creation.NewVoiceCampaign:
    """Return a campaign to be."""
    return creation.NewVoiceCampaign(
        name=name,
        sender="+12025550100",
        bot_url="wss://bot.example.com/a",
        provider="simulator",
        by="test",
        **more,
    )


def call(name: str = "Single", *, org: str = "default") -> Callable[[Stack], Awaitable[Campaign]]:
    """Return work that calls one number now."""

    async def make(stack: Stack) -> Campaign:
        to = parse_phone("+12025550101")
        return (await single_message.call_once(stack.engine, org, wish(name), to))[0]

    return make


def scheduled(name: str) -> Callable[[Stack], Awaitable[Campaign]]:
    """Return work that schedules a campaign for a minute later."""

    async def make(stack: Stack) -> Campaign:
        people = await import_csv(stack.engine, "default", "People", BytesIO(CSV))
        at = stack.engine.clock.now() + timedelta(minutes=1)
        new = wish(name, scheduled_at=at)
        return await creation.create_for_list(stack.engine, "default", new, people.list_id)

    return make


# --- import-contacts and suppress ------------------------------------------------------------


def test_import_keeps_good_rows_and_tells_bad_ones_by_line(tmp_path: Path) -> None:
    """An import makes a list of the good rows and names the line of each bad one."""
    file = tmp_path / "people.csv"
    file.write_bytes(CSV)
    imported = answer("import-contacts", str(file), "--list", "People")
    assert (imported["imported"], imported["duplicates"], imported["invalid"]) == (2, 1, 1)
    assert {row["line"] for row in imported["errors"]} == {3, 4}


def test_import_of_no_csv_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """A file without the column `number` is refused with exit code 1 and one sentence."""
    file = tmp_path / "people.csv"
    file.write_text("name\nAda\n")
    result = run("import-contacts", str(file), "--list", "People")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "must name a column 'number'" in result.stderr


def test_import_of_a_missing_file_is_wrong_usage() -> None:
    """A file that does not exist is wrong usage, exit code 2."""
    assert run("import-contacts", "nowhere.csv", "--list", "People").exit_code == 2


def test_suppressed_numbers_are_left_out_of_the_next_launch() -> None:
    """Suppressing stores the reason under the number; suppressing again changes nothing."""
    first = answer("suppress", "+1 202-555-0101", "--reason", "asked us to stop")
    again = answer("suppress", "+12025550101", "--reason", "another")
    assert first == {"suppressed": ["+12025550101"], "alreadySuppressed": 0}
    assert again == {"suppressed": [], "alreadySuppressed": 1}

    async def read(stack: Stack) -> Any:
        found = await suppressions.load(stack.engine, "default", contact_id("+12025550101"))
        await stack.close()
        return found.scopes["all"].reason

    assert asyncio.run(read(build(load_settings()))) == "asked us to stop"


def test_numbers_can_be_suppressed_for_a_channel_alone() -> None:
    """A scope bars that channel only, and a scope that there is not is wrong usage."""
    number = "+12025550101"
    assert answer("suppress", number, "--reason", "no texts", "--scope", "sms")["suppressed"]
    assert answer("suppress", number, "--reason", "nothing")["suppressed"]
    assert run("suppress", number, "--reason", "x", "--scope", "pigeon").exit_code == 2


def test_suppress_wants_real_numbers() -> None:
    """A number that no phone can have is wrong usage, and nothing is written."""
    result = run("suppress", "+12025550101", "123", "--reason", "asked")
    assert result.exit_code == 2
    assert answer("suppress", "+12025550101", "--reason", "asked")["alreadySuppressed"] == 0


def test_whom_a_provider_names_can_be_suppressed_as_it_names_them() -> None:
    """With --as-named a number is read as providers write it; what is none is refused by name."""
    named = ("whatsapp:+5215512345678", "551187654321", "12345")
    made = answer("suppress", *named, "--as-named", "--reason", "asked")
    assert made["suppressed"] == ["+525512345678", "+5511987654321", "12345"]
    assert answer("suppress", "+525512345678", "--reason", "asked")["alreadySuppressed"] == 1
    refused = run("suppress", "PARCELS", "--as-named", "--reason", "asked")
    assert (refused.exit_code, "as a provider writes it" in refused.stderr) == (1, True)


# --- campaigns -------------------------------------------------------------------------------


def test_campaigns_are_listed_newest_first() -> None:
    """The list begins with the newest campaign, keeps to --status and --limit and to the org."""
    prepare(call("old"), ago=2 * HOUR)
    prepare(scheduled("new"))
    prepare(call("foreign", org="other"))
    listed = [each["campaignName"] for each in answer("campaigns", "list")["campaigns"]]
    assert [name.split()[0] for name in listed] == ["new", "old"]
    assert len(answer("campaigns", "list", "--limit", "1")["campaigns"]) == 1
    running = answer("campaigns", "list", "--status", "running")["campaigns"]
    assert [each["status"] for each in running] == ["running"]
    assert len(answer("campaigns", "list", "--org", "other")["campaigns"]) == 1


def test_a_campaign_is_paused_resumed_and_cancelled() -> None:
    """Each command takes its arrow of the lifecycle and says what is left to do."""
    id_ = prepare(call()).id
    paused = answer("campaigns", "pause", id_, "--reason", "lunch")
    assert (paused["status"], paused["reason"], paused["remaining"]) == ("paused", "lunch", 1)
    assert answer("campaigns", "resume", id_)["status"] == "running"
    assert answer("campaigns", "cancel", id_)["status"] == "cancelled"


def test_what_the_status_does_not_allow_is_refused() -> None:
    """A command that the campaign's status forbids ends with 1 and one sentence, no trace."""
    id_ = prepare(call()).id
    result = run("campaigns", "resume", id_)
    assert (result.exit_code, result.stderr) == (1, "Campaign is already running\n")


def test_an_unknown_campaign_is_not_found() -> None:
    """A campaign that the organisation does not have is refused, another organisation's too."""
    id_ = prepare(call(org="other")).id
    for unknown in (id_, "0" * 32):
        result = run("campaigns", "show", unknown)
        assert (result.exit_code, result.stderr.strip()) == (1, "Campaign not found")
    assert run("campaigns", "show", "a/b").exit_code == 2


def test_show_counts_by_status_and_reason() -> None:
    """Showing a campaign tells how many people stand where, and why they were not reached."""

    async def cancelled(stack: Stack) -> Campaign:
        made = await call()(stack)
        message = {"address": "+442079460123", "status": "skipped", "reason": "suppressed"}
        path = f"{paths.messages('default', made.id)}/{'0' * 48}"
        increments = Increments(made, now=stack.engine.clock.now())
        increments.create({path: message})
        await stack.engine.store.commit(Create(path, message), *increments.writes())
        return made

    id_ = prepare(cancelled).id
    shown = answer("campaigns", "show", id_)
    assert (shown["byStatus"]["pending"], shown["byStatus"]["skipped"]) == (1, 1)
    skipped = {"status": "skipped", "reason": "suppressed", "count": 1}
    assert skipped in shown["byReason"]
    assert "suppressed" in run("campaigns", "show", id_).stdout


def test_show_tells_what_a_cancel_has_recalled() -> None:
    """A cancelled campaign shows what was taken back; one that runs has nothing of the kind."""

    async def stopped(stack: Stack) -> Campaign:
        made = await call()(stack)
        await lifecycle.change(stack.engine, "default", made.id, Action.CANCEL, by="ann")
        await recall.recall(stack.engine, "default", made.id)
        return made

    shown = answer("campaigns", "show", prepare(stopped).id)
    assert (shown["recalled"], shown["beyondRecall"], shown["recallDone"]) == (0, 0, True)
    assert answer("campaigns", "show", prepare(call()).id)["recalled"] is None


# --- check-once ------------------------------------------------------------------------------


def test_check_once_starts_what_is_due() -> None:
    """One check starts a campaign whose time has come; the next finds nothing to do."""
    id_ = prepare(scheduled("due")).id
    assert [each["campaignId"] for each in answer("check-once")["started"]] == [id_]
    assert answer("check-once") == {"started": [], "skipped": 0, "errors": []}
    assert answer("campaigns", "show", id_)["status"] == "running"


# --- doctor ----------------------------------------------------------------------------------


def examined() -> tuple[int, dict[str, dict[str, Any]]]:
    """Return the doctor's exit code and findings by name."""
    result = run("doctor", "--json")
    report = orjson.loads(result.stdout)
    assert report["healthy"] is (result.exit_code == 0)
    return result.exit_code, {each["name"]: each for each in report["findings"]}


def test_doctor_misses_the_server_and_says_how_to_start_it() -> None:
    """Without a server the local queue delivers nothing: exit code 1, and what to do."""
    code, findings = examined()
    assert code == 1
    assert "functions serve" in findings["queue"]["remedy"]
    assert [name for name, each in findings.items() if not each["ok"]] == ["queue"]


def test_doctor_finds_work_that_nobody_takes_up() -> None:
    """A campaign and a lane that are overdue by an hour are named, with their age."""
    late = prepare(scheduled("late")).id
    left = prepare(call()).id
    _, findings = examined()
    assert late in findings["due campaigns"]["detail"]
    assert left in findings["due work"]["detail"]
    assert not findings["due campaigns"]["ok"]
    assert not findings["due work"]["ok"]


def test_doctor_does_not_miss_paused_work() -> None:
    """What a person has paused waits for that person, and is no trouble."""

    async def paused(stack: Stack) -> Campaign:
        made = await call()(stack)
        return await lifecycle.change(stack.engine, "default", made.id, Action.PAUSE, by="test")

    prepare(paused)
    _, findings = examined()
    assert findings["due work"]["ok"]


@contextmanager
def dated_server(date: str | None) -> Iterator[str]:
    """Serve a carrier's API that says it is `date`; None says the real date."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.end_headers()

        def date_time_string(self, timestamp: float | None = None) -> str:
            return date or super().date_time_string(timestamp)

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(("date", "well"), [(None, True), ("Thu, 01 Jan 2026 00:00:00 GMT", False)])
def test_doctor_compares_the_clock_with_the_carriers(
    monkeypatch: pytest.MonkeyPatch, date: str | None, *, well: bool
) -> None:
    """A clock far from the carrier's is reported, one close to it is not."""
    monkeypatch.setenv("VOICE_PROVIDER", "plivo")
    monkeypatch.setenv("PLIVO_AUTH_ID", "MA0")
    monkeypatch.setenv("PLIVO_AUTH_TOKEN", "token")
    with dated_server(date) as url:
        monkeypatch.setenv("PLIVO_API_URL", url)
        _, findings = examined()
    assert findings["clock"]["ok"] is well
    assert url in findings["clock"]["detail"]


def test_doctor_tells_a_broken_store_from_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that does not answer is found wrong, and nothing is claimed about its content."""
    monkeypatch.setenv("STORE_URL", "firestore://demo-clarion")
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:9")
    code, findings = examined()
    assert code == 1
    assert "UNAVAILABLE" in findings["store"]["detail"]
    assert "due work" not in findings


# --- Settings --------------------------------------------------------------------------------


def test_a_ledger_of_another_version_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whoever updates Clarion and keeps an old ledger is told which file to move away."""
    (tmp_path / "old.jsonl").write_text('{"event": "call", "uuid": "1"}\n')
    monkeypatch.setenv("SIMULATOR_LEDGER", str(tmp_path / "old.jsonl"))
    result = run("campaigns", "list")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("SIMULATOR_LEDGER: ")
    assert "old.jsonl, line 1 was written by another version" in result.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [("MAX_CAMPAIGNS", "abc"), ("SIMULATOR_SCRIPT", "busy=lots"), ("STORE_URL", "mysql://x")],
)
def test_bad_settings_are_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """A wrong setting ends every command with 2 and a sentence that opens with its name."""
    monkeypatch.setenv(name, value)
    result = run("campaigns", "list")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{name}: ")
    assert "Traceback" not in result.stderr


def test_the_version_can_be_asked_for() -> None:
    """The command tells the version that the code has."""
    assert run("--version").output == f"Clarion {__version__}\n"
