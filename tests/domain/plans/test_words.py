"""What people are told of somebody's walk: where they stand, what is waited for, and why."""

from datetime import timedelta

import pytest

from functions.domain.plans.enrollment import EnrollmentStatus
from functions.domain.plans.facts import Occurrence
from functions.domain.plans.reading import stored_plan
from functions.domain.plans.words import Result, position, result_of, standing, why
from tests.domain.plans.walking import (
    DAY,
    HOUR,
    NEW_YORK,
    START,
    STOP,
    Walker,
    on,
    plan,
    send,
    wait,
)

MINUTE = timedelta(minutes=1)
INTRO = plan(
    send("intro", on("opened", "wait", within="P1D"), on("no_open", "bump", after="P3D")),
    wait("wait", on("clicked", "which"), on("no_click", "bump", after="P1D")),
    send("bump", on("elapsed", "stop", after="P1D"), schedule={"delay": "P1D"}),
    {
        "id": "which",
        "action": "split",
        "branches": [{"to": "note", "weight": 1}, {"to": "stop", "weight": 0}],
    },
    {"id": "note", "action": "update_contact", "fields": {"stage": "warm"}, "to": "stop"},
    STOP,
    exits=[{"on": "replied", "as": "answered"}],
    goal={"on": "purchase"},
)


def stands(walker: Walker) -> tuple[str, list[str]]:
    """Return what is told of the one thread of a walker."""
    enrollment, facts, now = walker.enrollment, walker.seen, walker.looked_at
    (found,) = position(walker.plan, enrollment, facts, zone=NEW_YORK, now=now)
    return found.sentence, [each.sentence for each in found.waits_for]


def test_a_message_that_was_sent_is_told_with_what_may_follow() -> None:
    """Events and where they lead, timers and when they fire."""
    walker = Walker(INTRO).look_at([START, START + HOUR])
    assert stands(walker) == (
        "the message of 'intro' was sent at 2026-03-02 07:00 (America/New_York)",
        [
            "opened leads to 'wait' until 2026-03-03 07:00 (America/New_York)",
            (
                "no_open leads to 'bump' at 2026-03-05 07:00 (America/New_York),"
                " unless opened comes first"
            ),
        ],
    )


def test_what_is_over_is_not_waited_for() -> None:
    """An event whose time has passed leads nowhere any more."""
    walker = Walker(INTRO).look_at([START, START + 2 * DAY])
    assert len(stands(walker)[1]) == 1


def test_a_message_that_waits_its_turn_is_told() -> None:
    """Its timers have no instant before it has left."""
    walker = Walker(INTRO, late=9 * DAY).look_at([START, START + HOUR])
    sentence, waits = stands(walker)
    assert sentence == "the message of 'intro' waits to be sent"
    assert waits[1] == "no_open leads to 'bump' 3 days after the message has left"


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ("P1M", "1 month after"),
        ("P2W", "14 days after"),
        ("PT90M", "1 hour, 30 minutes after"),
        ("P1DT1S", "1 day, 1 second after"),
        ("PT0S", "directly after"),
    ],
)
def test_a_timer_s_length_is_told(after: str, told: str) -> None:
    """In units that people count in."""
    timed = plan(send("a", on("elapsed", "stop", after=after)), STOP)
    walker = Walker(timed, late=9 * DAY).look(START)
    assert stands(walker)[1] == [f"elapsed leads to 'stop' {told} the message has left"]


def test_a_message_that_is_not_made_yet_is_told_with_its_time() -> None:
    """Nothing else is waited for until then."""
    walker = Walker(INTRO).look_at([START, START + 3 * DAY])
    assert stands(walker) == (
        "the message of 'bump' is due at 2026-03-06 07:00 (America/New_York)",
        [],
    )


def test_a_wait_is_told() -> None:
    """From when on it waits, and for what."""
    walker = Walker(INTRO, {"intro": [("opened", HOUR)]}).look_at([START, START + 2 * HOUR])
    sentence, waits = stands(walker)
    assert sentence == "waits at 'wait' since 2026-03-02 08:00 (America/New_York)"
    assert waits[0] == "clicked leads to 'which'"
    assert waits[1].startswith("no_click leads to 'bump' at 2026-03-03 08:00")


def test_each_step_of_a_sequence_is_told() -> None:
    """Those that are still to come."""
    steps = [
        {"id": id_, "offset": offset, "subject": "x", "body": "x"}
        for id_, offset in (("a", "P0D"), ("b", "P1D"), ("c", "P2D"))
    ]
    walker = Walker(stored_plan({"steps": steps})).look(START)
    found = position(walker.plan, walker.enrollment, walker.seen, zone=NEW_YORK, now=START)
    assert [each.sentence.split(" (")[0] for each in found] == [
        "the message of 'b' is due at 2026-03-03 07:00",
        "the message of 'c' is due at 2026-03-04 07:00",
    ]


def reasons(walker: Walker) -> list[str]:
    """Return why each move was made."""
    return [why(move, zone=NEW_YORK) for move in walker.enrollment.moves]


def test_every_move_has_its_reason() -> None:
    """Events with their instants, lots, writes, and the end."""
    walker = Walker(INTRO, {"intro": [("opened", HOUR), ("clicked", 2 * HOUR)]})
    walker.look_at(START + minute * MINUTE for minute in range(0, 240, 30))
    assert reasons(walker) == [
        "opened came at 2026-03-02 08:00 (America/New_York)",
        "clicked came at 2026-03-02 09:00 (America/New_York)",
        "the lot fell on 'note'",
        "the fields of the contact were written",
        "the plan ends at 'stop'",
    ]
    told = standing(walker.enrollment, zone=NEW_YORK)
    assert told == "came to the end of the plan at 2026-03-02 09:00 (America/New_York)"


def test_timers_tell_what_has_not_come() -> None:
    """And whoever was looked at late is told so."""
    walker = Walker(INTRO).look_at([START, START + 3 * DAY + HOUR, START + 4 * DAY])
    walker.look_at([START + 5 * DAY])
    assert reasons(walker)[0] == (
        "opened had not come by 2026-03-05 07:00 (America/New_York)"
        "; noticed at 2026-03-05 08:00 (America/New_York)"
    )
    assert reasons(walker)[1] == "time was up at 2026-03-07 07:00 (America/New_York)"


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ("replied", "answered, at"),
        ("purchase", "the goal was reached, at"),
        ("unsubscribed", "they have unsubscribed, at"),
        ("bounced", "their mail server sent it back for good, at"),
        ("erased", "the person was erased, at"),
    ],
)
def test_leaving_has_its_reason(event: str, told: str) -> None:
    """In words, where we have any; else as the plan calls it."""
    walker = Walker(INTRO, exits={event: START + HOUR}).look_at([START, START + HOUR])
    assert reasons(walker)[0].startswith(told)
    assert standing(walker.enrollment, zone=NEW_YORK).startswith("left at 2026-03-02 08:00")
    assert position(INTRO, walker.enrollment, walker.seen, zone=NEW_YORK, now=START) == []


def test_a_pause_is_told() -> None:
    """What it means, too."""
    paused = Walker(INTRO).enrollment._replace(status=EnrollmentStatus.PAUSED)
    assert standing(paused, zone=NEW_YORK).startswith("is paused")


def told(walker: Walker, name: str, at: timedelta, message: str = "intro/intro/1") -> Result:
    """Return what an event does to a walker."""
    event = Occurrence(name, START + at, f"{name}/{message}" if message else "e-1")
    return result_of(INTRO, walker.enrollment, walker.seen, event, message=message, zone=NEW_YORK)


def test_an_event_has_a_result() -> None:
    """One of five, whether it is asked before or after the move that it makes."""
    walker = Walker(INTRO, {"intro": [("opened", HOUR)]}).look_at([START, START + MINUTE])
    assert told(walker, "opened", HOUR) == Result.SUCCESS
    assert told(walker, "opened", 2 * DAY) == Result.TIMING_CONSTRAINTS_NOT_MET
    assert told(walker, "delivered", HOUR) == Result.NO_MATCHING_TRANSITION
    assert told(walker, "clicked", HOUR, "intro/intro/9") == Result.STALE_VISIT
    assert told(walker, "replied", HOUR) == Result.SUCCESS
    walker.look(START + HOUR)
    assert told(walker, "opened", HOUR) == Result.SUCCESS
    assert told(walker, "visit", HOUR, "") == Result.NO_MATCHING_TRANSITION
    assert told(walker, "visit", MINUTE, "") == Result.STALE_VISIT
    walker.look_at([START + 2 * DAY + HOUR * hour for hour in range(2)])
    assert walker.node == "bump"
    assert told(walker, "clicked", 3 * DAY) == Result.STALE_VISIT
    walker.look_at([START + 3 * DAY, START + 9 * DAY])
    assert told(walker, "clicked", 8 * DAY) == Result.ENROLLMENT_ENDED
    assert told(walker, "replied", 8 * DAY) == Result.ENROLLMENT_ENDED
