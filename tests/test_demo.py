"""The demonstration's verdict finds what is wrong, and only that."""

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from functions.channels.simulator.ledger import End, Ledger, Placed
from functions.cli.app import app
from functions.cli.demo.people import People, write_people
from functions.cli.demo.verdict import Evidence, Row
from functions.domain.contacts.phones import parse_phone
from functions.domain.messages.delivery_events import MessageRef

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
ADA, BEN, CLEO = "+12125550101", "+12125550102", "+12125550103"


def placed(number: str, attempt: int = 1) -> Placed:
    """Return a call to somebody."""
    ref = MessageRef("default", "campaign", number)
    return Placed(f"{number}/{attempt}", ref, attempt, number, AT)


def sound() -> Evidence:
    """Return evidence of a campaign in which all is well: one call, one lost, one suppressed."""
    call = placed(ADA)
    ledger = Ledger(placed=[call], ended={call.id: End(call.id, "connected", AT, 1)})
    rows = [
        Row(ADA, ADA, "completed", "", 1),
        Row(BEN, BEN, "unknown", "sender_lost", 1),
        Row(CLEO, CLEO, "skipped", "suppressed", 0),
    ]
    people = People(5, frozenset({ADA, BEN, CLEO}), 1, 1, (CLEO,))
    return Evidence(people, {"imported": 3, "duplicates": 1, "invalid": 1}, rows, ledger)


def with_call(evidence: Evidence, call: Placed) -> Evidence:
    """Return the evidence with one more call in the carrier's ledger."""
    return replace(evidence, ledger=replace(evidence.ledger, placed=[placed(ADA), call]))


def with_row(evidence: Evidence, row: Row) -> Evidence:
    """Return the evidence with another story of one person in our store."""
    others = [each for each in evidence.rows if each.number != row.number]
    return replace(evidence, rows=[*others, row])


def test_a_sound_campaign_has_nothing_wrong() -> None:
    """Where ledger, store and file agree, nothing is found."""
    assert set(sound().verdict().values()) == {0}


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (lambda e: with_call(e, placed(ADA)), "attempts that rang a phone twice"),
        (lambda e: with_call(e, placed(ADA, 2)), "people called again after they had picked up"),
        (lambda e: with_call(e, placed("+12125550109")), "calls that the store does not know"),
        (lambda e: with_call(e, placed(BEN, 2)), "calls that the store does not know"),
        (lambda e: with_call(e, placed(CLEO)), "suppressed people called"),
        (
            lambda e: with_row(e, Row(BEN, BEN, "completed", "", 1)),
            "calls that the store claims and the carrier never made",
        ),
        (
            lambda e: with_row(e, Row(CLEO, CLEO, "skipped", "", 0)),
            "people not called without a reason",
        ),
        (
            lambda e: with_row(e, Row(BEN, BEN, "sending", "", 1)),
            "people whose story has no end",
        ),
        (lambda e: replace(e, rows=e.rows[:2]), "rows of the file not accounted for"),
    ],
)
def test_whatever_is_wrong_is_found(tamper: Callable[[Evidence], Evidence], found: str) -> None:
    """A call too many, a call too few, or a person without a story: each is counted."""
    assert tamper(sound()).verdict()[found] == 1


def test_the_people_are_who_the_file_says(tmp_path: Path) -> None:
    """The file holds every valid number once, its duplicates, and its invalid ones."""
    people = write_people(tmp_path / "people.csv")
    with (tmp_path / "people.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == people.rows
    assert len(people.numbers) == people.rows - people.duplicates - people.invalid
    assert all(parse_phone(number).e164 == number for number in people.numbers)
    assert set(people.suppressed) <= people.numbers


@pytest.mark.storm
def test_the_demonstration_agrees_with_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The whole demonstration, kill and restart included, ends with ledger and store agreeing."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["demo", "--json"])
    assert result.exit_code == 0, result.output
    assert set(orjson.loads(result.stdout)["wrong"].values()) == {0}
