"""Sequences: messages at fixed times after somebody has entered."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.domain.plans.nexts import AHEAD
from functions.domain.plans.plan import Plan
from functions.domain.plans.reading import read_plan
from tests.domain.plans.walking import DAY, HOUR, START, Walker


def sequence(*steps: tuple[str, dict[str, str]], **more: Any) -> Plan:
    """Return a sequence of mails, by their ids and times."""
    said = {"subject": "Hello", "body": "Hello!"}
    document = {"steps": [{"id": id_, **times, **said} for id_, times in steps], **more}
    plan, findings = read_plan(document, now=START)
    assert plan is not None, findings
    return plan


DRIP = sequence(
    ("hello", {"offset": "P0D"}),
    ("tips", {"offset": "P2D", "time": "10:00"}),
    ("offer", {"offset": "P1W"}),
)
#: A week after the entry by the clocks of New York, which go forward in it.
WEEK = START + 7 * DAY - HOUR


def test_each_step_is_made_in_its_time() -> None:
    """The first at once, the others a little ahead of when they are due, each once."""
    walker = Walker(DRIP).look(START)
    assert [promise.node for promise in walker.promises] == ["hello"]
    due = datetime.fromisoformat("2026-03-04T15:00Z")  # 10:00 in New York
    assert walker.enrollment.next_at == due - AHEAD
    walker.look_at(START + hour * HOUR for hour in range(200))
    assert [(promise.node, promise.due_at) for promise in walker.promises] == [
        ("hello", START),
        ("tips", due),
        ("offer", WEEK),
    ]


def test_a_sequence_ends_with_its_last_step() -> None:
    """Each thread ends as its message is made, at that instant and not at the entry."""
    walker = Walker(DRIP).look_at([START, START + 8 * DAY])
    enrollment = walker.enrollment
    assert (enrollment.status, enrollment.ended_at) == ("completed", WEEK - AHEAD)
    assert [(move.start, move.on) for move in enrollment.moves] == [
        ("hello", "end"),
        ("tips", "end"),
        ("offer", "end"),
    ]


def test_the_order_in_which_steps_are_written_does_not_matter() -> None:
    """Their times do."""
    shuffled = sequence(("late", {"offset": "P3D"}), ("early", {"offset": "P1D"}))
    walker = Walker(shuffled).look_at([START, START + 9 * DAY])
    assert [promise.node for promise in walker.promises] == ["early", "late"]


def test_an_exit_ends_every_step_that_is_left() -> None:
    """Whoever has bought is not told to buy."""
    plan = sequence(
        ("a", {"offset": "P0D"}),
        ("b", {"offset": "P1D"}),
        ("c", {"offset": "P2D"}),
        exits=[{"on": "purchase", "as": "bought"}],
    )
    walker = Walker(plan, exits={"purchase": START + HOUR}).look_at([START, START + 9 * DAY])
    assert [promise.node for promise in walker.promises] == ["a"]
    assert (walker.enrollment.status, walker.enrollment.exit) == ("exited", "bought")


def test_many_steps_at_one_look_are_no_loop() -> None:
    """Five hundred that are due together are made together."""
    steps = [(f"s{number}", {"offset": "P0D"}) for number in range(500)]
    walker = Walker(sequence(*steps)).look(START)
    assert len(walker.promises) == 500
    assert walker.enrollment.status == "completed"


@pytest.mark.parametrize(
    ("offset", "time", "due"),
    [
        # They enter on Monday, 2 March 2026, at 07:00 in New York.
        ("P0D", "10:00", "2026-03-02T15:00Z"),
        ("P0D", "07:00", "2026-03-02T12:00Z"),
        ("P0D", "06:59", "2026-03-03T11:59Z"),
        ("P2D", "06:59", "2026-03-04T11:59Z"),
        ("PT20H", "10:00", "2026-03-03T15:00Z"),
        ("PT2H", "08:00", "2026-03-02T13:00Z"),
        ("P6D", "10:00", "2026-03-08T14:00Z"),  # clocks have gone forward
        ("P6D", "02:30", "2026-03-08T07:30Z"),  # a time that they jump over
        ("P1M", "00:00", "2026-04-02T04:00Z"),
    ],
)
def test_a_time_of_day_is_that_of_the_day_that_the_offset_leads_to(
    offset: str, time: str, due: str
) -> None:
    """On the calendar of the person, and never before they have entered."""
    walker = Walker(sequence(("a", {"offset": offset, "time": time}))).look(START + 99 * DAY)
    assert [promise.due_at for promise in walker.promises] == [datetime.fromisoformat(due)]


def test_the_day_is_the_person_s() -> None:
    """Monday noon in Greenwich is Tuesday morning on Kiritimati."""
    plan = sequence(("a", {"offset": "P0D", "time": "10:00"}))
    walker = Walker(plan, zone=ZoneInfo("Pacific/Kiritimati")).look(START + 2 * DAY)
    assert walker.promises[0].due_at - START == timedelta(hours=8)


DAILY = sequence(*[(f"day-{number}", {"offset": f"P{number}D"}) for number in range(8)])


def test_after_a_pause_of_a_week_one_step_goes_out() -> None:
    """The newest that was missed; those before it are left out, and those behind it keep time."""
    walker = Walker(DAILY).look(START)
    resumed_at = START + 6 * DAY + HOUR
    walker.resumed_at = resumed_at
    walker.look(resumed_at)
    assert [promise.node for promise in walker.promises] == ["day-0", "day-6"]
    assert [move.source for move in walker.enrollment.moves if move.on == "overtaken"] == [
        f"day-{number}" for number in range(1, 6)
    ]
    walker.look(START + 9 * DAY)
    assert [promise.node for promise in walker.promises][2:] == ["day-7"]
    assert walker.enrollment.status == "completed"


def test_steps_of_one_instant_stand_for_each_other_in_no_pause() -> None:
    """A mail and a text that were meant to come together both come after it."""
    both = sequence(("mail", {"offset": "P1D"}), ("text", {"offset": "P1D"}))
    walker = Walker(both).look(START)
    walker.resumed_at = START + 3 * DAY
    walker.look(START + 3 * DAY)
    assert {promise.node for promise in walker.promises} == {"mail", "text"}


def test_who_was_not_paused_misses_nothing() -> None:
    """A lane that comes late makes every message that was due."""
    walker = Walker(DAILY).look_at([START, START + 9 * DAY])
    assert len(walker.promises) == 8
