"""Timers: when they fire, for whom they do not, and what keeps them from firing."""

from datetime import datetime, timedelta

import pytest

from functions.domain.plans.enrollment import Enrollment, EnrollmentStatus, Thread
from functions.domain.plans.facts import Facts, MessageFacts
from tests.domain.plans.walking import (
    DAY,
    HOUR,
    START,
    STOP,
    Walker,
    look,
    on,
    plan,
    send,
    wait,
)

SECOND = timedelta(seconds=1)
TWO = plan(
    send("a", on("no_open", "b", after="P1D"), on("no_click", "c", after="P1D")),
    send("b", on("elapsed", "stop", after="P9D")),
    send("c"),
    STOP,
)
OVERDUE = START + 30 * DAY


def test_two_timers_that_are_due_together_make_one_move() -> None:
    """The first of them in the node's list; the other one's node is never entered."""
    walker = Walker(TWO).look_at([START, START + 2 * DAY])
    assert [(move.source, move.on, move.target) for move in walker.enrollment.moves] == [
        ("a", "no_open", "b")
    ]
    assert [promise.node for promise in walker.promises] == ["a", "b"]


def test_the_timer_of_a_node_that_was_left_moves_nobody() -> None:
    """Whoever has clicked is not told on the third day that they have not opened."""
    left = plan(
        send("a", on("clicked", "b"), on("no_open", "bump", after="P3D")),
        wait("b", on("elapsed", "stop", after="P9D")),
        send("bump"),
        STOP,
    )
    walker = Walker(left, {"a": [("clicked", HOUR)]})
    walker.look_at(START + day * DAY for day in range(12))
    assert walker.path == ["a", "b", "stop", "end"]


@pytest.mark.parametrize(
    "status", [EnrollmentStatus.PAUSED, EnrollmentStatus.COMPLETED, EnrollmentStatus.EXITED]
)
def test_the_timers_of_whoever_has_ended_or_is_paused_move_nobody(status: str) -> None:
    """They are not looked at again by themselves either."""
    walker = Walker(TWO).look(START)
    walker.enrollment = walker.enrollment._replace(status=status)
    before = walker.enrollment
    after = walker.look(OVERDUE).enrollment
    assert after == before._replace(next_at=None)
    assert len(walker.promises) == 1


def test_the_timer_of_a_wait_fires() -> None:
    """It runs from the entry of the wait, since nothing is sent there."""
    waiting = plan(wait("a", on("clicked", "stop"), on("no_click", "b")), send("b"), STOP)
    walker = Walker(waiting).look(START)
    assert walker.enrollment.next_at == START + DAY
    walker.look(START + DAY - SECOND)
    assert walker.node == "a"
    walker.look(START + DAY)
    assert [(promise.node, promise.due_at) for promise in walker.promises] == [("b", START + DAY)]


def test_a_timer_of_no_length_fires_at_once() -> None:
    """As its message leaves, or as its wait is entered."""
    at_once = plan(
        wait("a", on("elapsed", "b", after="PT0S")),
        send("b", on("elapsed", "stop", after="PT0S")),
        STOP,
    )
    walker = Walker(at_once).look_at([START, START])
    assert [(move.source, move.at) for move in walker.enrollment.moves] == [
        ("a", START),
        ("b", START),
        ("stop", START),
    ]


def test_an_event_that_is_told_late_is_judged_by_its_own_time() -> None:
    """Told three hours after its limit, where nobody was faster: it came in time."""
    limited = plan(
        send("a", on("opened", "b", within="PT2H"), on("elapsed", "stop", after="P1D")),
        send("b"),
        STOP,
    )
    walker = Walker(limited).look(START)
    told = Facts({"a/a/1": MessageFacts(START, None, {"opened": START + HOUR})})
    after = look(limited, walker.enrollment, told, START + 5 * HOUR).enrollment
    assert after.moves[0][2:] == ("b", "opened", START + HOUR, START + 5 * HOUR)


def test_an_event_that_came_after_a_timer_does_not_keep_it_from_firing() -> None:
    """Also where somebody looks when both are over: what was first is first."""
    walker = Walker(TWO, {"a": [("opened", 26 * HOUR)]}).look_at([START, START + 30 * HOUR])
    assert walker.enrollment.moves[0].on == "no_open"


def test_a_timer_that_was_faster_is_not_taken_back() -> None:
    """An open that is told after the move belongs to a visit that is over."""
    walker = Walker(TWO).look_at([START, START + DAY])
    assert walker.node == "b"
    told = walker.facts(START + DAY)
    message = told.messages["a/a/1"]._replace(events={"opened": START + HOUR})
    late = told._replace(messages={**told.messages, "a/a/1": message})
    after = look(TWO, walker.enrollment, late, START + 2 * DAY).enrollment
    assert after.threads["a"].node == "b"


@pytest.mark.parametrize("event", ["failed", "skipped", "expired", "unknown"])
def test_what_could_not_be_sent_leads_on(event: str) -> None:
    """By its own edge where there is one; else by the node's timers, from when that was known."""
    known_at = START + HOUR
    told = Facts({"a/a/1": MessageFacts(None, known_at, {event: known_at})})
    for ways, moved_at in (
        ([on(event, "stop"), on("elapsed", "stop", after="P1D")], known_at),
        ([on("no_open", "stop", after="P1D")], known_at + DAY),
    ):
        walked = plan(send("a", *ways), STOP)
        walker = Walker(walked).look(START)
        after = look(walked, walker.enrollment, told, moved_at).enrollment
        assert (after.status, after.moves[0].at) == ("completed", moved_at)


def test_a_message_that_waits_for_its_turn_is_asked_after() -> None:
    """Soon at first, then every hour: until it has left, nobody's timer runs."""
    walker = Walker(TWO, late=9 * DAY).look_at([START, START + HOUR])
    assert walker.enrollment.next_at == START + DAY
    for late, again in ((0, 5), (5, 5), (20, 20), (86400, 3600)):
        now = START + DAY + late * SECOND
        walker.look(now)
        assert walker.enrollment.next_at == now + again * SECOND


def test_a_message_that_is_made_late_is_asked_after_at_once() -> None:
    """After a pause, say: it leaves as it is made, and what follows at once is not put off."""
    at_once = plan(send("a", on("elapsed", "stop", after="PT0S")), STOP)
    resumed_at = START + DAY
    walker = Walker(at_once).look(resumed_at)
    assert walker.enrollment.next_at == resumed_at + 5 * SECOND


def test_a_message_that_quiet_hours_hold_is_asked_after_when_they_end() -> None:
    """Nobody is looked at all night for it."""
    walker = Walker(TWO).look(START)
    held = Facts({"a/a/1": MessageFacts(due_at=START + 10 * HOUR)})
    after = look(TWO, walker.enrollment, held, START + HOUR).enrollment
    assert after.next_at == START + 10 * HOUR + DAY


def test_a_timer_runs_on_the_calendar_of_the_person() -> None:
    """A day is until the same time tomorrow, though that is 23 hours away."""
    eve = datetime.fromisoformat("2026-03-07T15:00Z")
    waiting = plan(wait("a", on("elapsed", "stop", after="P1D")), STOP)
    enrollment = Enrollment("ann", eve, threads={"a": Thread("a", eve)})
    assert look(waiting, enrollment, Facts(), eve).enrollment.next_at == eve + 23 * HOUR
