"""What happens next to one person: events, timers, exits, lots."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.domain.plans.advance import SAFETY_LOOK, advance
from functions.domain.plans.facts import Facts, Occurrence
from functions.domain.plans.nexts import AHEAD
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

SECOND = timedelta(seconds=1)

INTRO = plan(
    send("intro", on("opened", "wait", within="PT72H"), on("no_open", "bump", after="PT72H")),
    wait("wait", on("clicked", "stop"), on("no_click", "bump")),
    send("bump", on("elapsed", "stop", after="P1D")),
    STOP,
    defaults={"timers": {"no_click_after": "PT24H"}},
)


def test_the_first_message_is_made_at_once() -> None:
    """Whoever enters is promised the first message, and waits for what comes of it."""
    walker = Walker(INTRO).look(START)
    assert [(each.node, each.due_at) for each in walker.promises] == [("intro", START)]
    assert walker.node == "intro"
    assert walker.look(START + SECOND).enrollment.next_at == START + 72 * HOUR
    assert len(walker.promises) == 1


@pytest.mark.parametrize(
    ("events", "path"),
    [
        ([], ["intro", "bump", "stop", "end"]),
        ([("opened", HOUR)], ["intro", "wait", "bump", "stop", "end"]),
        ([("opened", 72 * HOUR)], ["intro", "wait", "bump", "stop", "end"]),
        ([("opened", 72 * HOUR + SECOND)], ["intro", "bump", "stop", "end"]),
        ([("opened", HOUR), ("clicked", 2 * HOUR)], ["intro", "wait", "stop", "end"]),
        ([("opened", HOUR), ("clicked", 26 * HOUR)], ["intro", "wait", "bump", "stop", "end"]),
        ([("opened", -SECOND), ("clicked", HOUR)], ["intro", "wait", "stop", "end"]),
    ],
)
def test_events_and_timers_lead_on(events: Sequence[tuple[str, timedelta]], path: Any) -> None:
    """`within` includes its limit; a wait's timer runs from entering it; skew loses nothing."""
    walker = Walker(INTRO, {"intro": events})
    walker.look_at(START + hour * HOUR for hour in range(300))
    assert walker.path == path


def test_a_click_without_an_open_stops_no_open() -> None:
    """Whoever has clicked has opened, whatever their mail program tells."""
    asked = plan(
        send("a", on("no_open", "bump", after="PT1H"), on("elapsed", "stop", after="PT9H")),
        send("bump", on("elapsed", "stop", after="PT1H")),
        STOP,
    )
    walker = Walker(asked, {"a": [("clicked", HOUR / 2)]})
    assert walker.look_at([START, START + 20 * HOUR]).path == ["a", "stop", "end"]


def test_what_a_click_proves_moves_once() -> None:
    """A click is an open that was not told; told later, it is the same open."""
    asked = plan(
        send("a", on("opened", "b", within="P1D"), on("no_open", "stop", after="P1D")),
        wait("b", on("opened", "stop"), on("elapsed", "c", after="P2D")),
        send("c"),
        STOP,
    )
    walker = Walker(asked, {"a": [("clicked", HOUR), ("opened", 2 * HOUR)]})
    walker.look_at([START, START + HOUR, START + 2 * HOUR, START + 4 * DAY])
    assert walker.path == ["a", "b", "c", "end"]


def test_a_timer_runs_from_the_send() -> None:
    """However long hours and caps held a message back, its timer has not fired before."""
    walker = Walker(INTRO, late=10 * DAY)
    walker.look_at(START + day * DAY for day in range(13))
    assert walker.node == "intro"
    walker.look(START + 13 * DAY + SECOND)
    assert (walker.node, walker.enrollment.moves[-1].at) == ("bump", START + 13 * DAY)


def test_nodes_are_entered_when_it_happened() -> None:
    """Not when somebody looked: a look that is late moves no timer."""
    walker = Walker(INTRO, {"intro": [("opened", HOUR)]}).look_at([START, START + 20 * HOUR])
    (thread,) = walker.enrollment.threads.values()
    assert (thread.node, thread.since) == ("wait", START + HOUR)
    assert walker.enrollment.moves[-1].seen == START + 20 * HOUR
    assert walker.enrollment.next_at == START + 25 * HOUR


def test_an_event_moves_once() -> None:
    """Also where two nodes, one behind the other, name it."""
    twice = plan(
        send("a", on("opened", "b"), on("elapsed", "stop", after="P9D")),
        wait("b", on("opened", "stop"), on("elapsed", "c", after="P1D")),
        send("c"),
        STOP,
    )
    walker = Walker(twice, {"a": [("opened", HOUR)]})
    assert walker.look_at([START, START + 9 * DAY]).path == ["a", "b", "c", "end"]


def test_events_of_the_message_stay_in_force_where_somebody_waits() -> None:
    """A click that came before the open that was waited for counts behind it."""
    walker = Walker(INTRO, {"intro": [("clicked", HOUR), ("opened", 2 * HOUR)]})
    assert walker.look_at([START, START + DAY]).path == ["intro", "wait", "stop", "end"]


def test_a_custom_event_counts_from_the_node_on() -> None:
    """What happened before the node was entered is over; what happened since then is heard."""
    bought = plan(
        send("a", on("delivered", "b"), on("elapsed", "stop", after="P9D")),
        wait("b", on("purchase", "stop"), on("no_purchase", "c", after="P1D")),
        send("c"),
        STOP,
    )
    delivered = {"a": [("delivered", HOUR)]}
    early = [Occurrence("purchase", START + HOUR - SECOND, "1")]
    late = [*early, Occurrence("purchase", START + HOUR, "2")]
    looks = [START, START + 9 * DAY]
    assert Walker(bought, delivered, custom=early).look_at(looks).path == ["a", "b", "c", "end"]
    assert Walker(bought, delivered, custom=late).look_at(looks).path == ["a", "b", "stop", "end"]


def test_an_exit_comes_before_all_else() -> None:
    """Whoever leaves is promised nothing more, also where both fall on one instant."""
    walker = Walker(INTRO, exits={"unsubscribed": START + 72 * HOUR})
    walker.look_at([START, START + 80 * HOUR])
    assert (walker.enrollment.status, walker.enrollment.exit) == ("exited", "unsubscribed")
    assert [promise.node for promise in walker.promises] == ["intro"]
    assert walker.enrollment.next_at is None


def test_a_goal_is_reached_in_its_time() -> None:
    """A goal counts up to its limit, and ends the walk."""
    nodes = [send("a", on("elapsed", "stop", after="P30D")), STOP]
    bought = plan(*nodes, goal={"on": "purchase", "within": "P14D"})
    for days, status in ((13, "exited"), (15, "completed")):
        walker = Walker(bought, exits={"purchase": START + days * DAY})
        walker.look_at([START, START + 40 * DAY])
        assert (walker.enrollment.status, walker.enrollment.goal_at is not None) == (
            status,
            days == 13,
        )


def test_a_message_is_made_a_little_ahead() -> None:
    """Five minutes before it is due: not at entry, and in time."""
    later = plan(send("a", schedule={"delay": "P3D"}))
    walker = Walker(later).look(START)
    assert (walker.promises, walker.enrollment.next_at) == ([], START + 3 * DAY - AHEAD)
    walker.look(START + 3 * DAY - AHEAD)
    assert [promise.due_at for promise in walker.promises] == [START + 3 * DAY]


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        ({}, "2026-03-02T12:00Z"),
        ({"delay": "PT90M"}, "2026-03-02T13:30Z"),
        ({"at": "2026-03-09T09:00:00-04:00"}, "2026-03-09T13:00Z"),
        ({"at": "2026-03-01T09:00:00Z"}, "2026-03-02T12:00Z"),
        ({"until": {"weekday": "tue", "time": "10:00"}}, "2026-03-03T15:00Z"),
        ({"until": {"weekday": "mon", "time": "10:00"}}, "2026-03-02T15:00Z"),
        ({"until": {"weekday": "mon", "time": "06:00"}}, "2026-03-09T10:00Z"),
        ({"until": {"time": "06:59"}}, "2026-03-03T11:59Z"),
        ({"until": {"time": "07:00"}}, "2026-03-02T12:00Z"),
        ({"until": {"date": "2026-03-08", "time": "02:30"}}, "2026-03-08T07:30Z"),
    ],
)
def test_a_schedule_is_that_of_their_zone(schedule: dict[str, Any], due: str) -> None:
    """New York is at 07:00 when they enter on Monday, 2 March; on the 8th clocks go forward."""
    walker = Walker(plan(send("a", schedule=schedule))).look(START + 30 * DAY)
    assert [promise.due_at for promise in walker.promises] == [datetime.fromisoformat(due)]


def test_a_lot_is_drawn_once() -> None:
    """Everybody keeps their way, and the ways get their shares."""
    halves = plan(
        {
            "id": "which",
            "action": "split",
            "branches": [{"to": "a", "weight": 75}, {"to": "b", "weight": 25}],
        },
        send("a"),
        send("b"),
    )
    drawn = []
    for number in range(2000):
        walker = Walker(halves)
        walker.enrollment = walker.enrollment._replace(subject=f"p{number}")
        drawn.append(walker.look(START).promises[0].node)
    assert 1400 < drawn.count("a") < 1600


def test_the_lots_of_two_campaigns_have_nothing_to_do_with_each_other() -> None:
    """Of those who are in the first half of one about half are in the first half of another."""
    ways = [{"to": "a", "weight": 1}, {"to": "b", "weight": 1}]
    halves = plan({"id": "which", "action": "split", "branches": ways}, send("a"), send("b"))

    def drawn(person: int, lots: str) -> str:
        enrollment = Walker(halves).enrollment._replace(subject=f"p{person}")
        decided = advance(
            halves,
            enrollment,
            Facts(),
            zone=NEW_YORK,
            now=START,
            name=lambda start, node, visit: f"{start}/{node}/{visit}",
            lots=lots,
        )
        return decided.promises[0].node

    first = [person for person in range(1000) if drawn(person, "spring") == "a"]
    both = [person for person in first if drawn(person, "summer") == "a"]
    assert 0.4 < len(both) / len(first) < 0.6


def test_a_lot_that_is_not_kept_is_drawn_anew() -> None:
    """With `sticky: false` a second visit may lead elsewhere; a third one is no second."""
    split = {"id": "which", "action": "split", "sticky": False}
    again = on("elapsed", "which", after="P1D")
    halves = plan(
        {**split, "branches": [{"to": "a", "weight": 1}, {"to": "b", "weight": 1}]},
        wait("a", again),
        wait("b", again),
    )
    walker = Walker(halves).look(START + 40 * DAY)
    assert walker.enrollment.exit == ""
    assert {move.target for move in walker.enrollment.moves if move.on == "split"} == {"a", "b"}


def test_what_was_used_is_forgotten_in_time() -> None:
    """However often somebody goes round, what they hold does not grow."""
    round_ = plan(
        send("a", on("clicked", "b"), on("elapsed", "a", after="P1D")),
        wait("b", on("visit", "a"), on("elapsed", "a", after="P1D")),
    )
    visits = [Occurrence("visit", START + hour * HOUR, f"v{hour}") for hour in range(0, 900, 2)]
    walker = Walker(round_, {"a": [("clicked", HOUR)]}, custom=visits)
    walker.look_at(START + hour * HOUR for hour in range(900))
    assert len(walker.enrollment.moves) > 500
    assert len(walker.enrollment.threads["a"].used) <= 2


def test_a_loop_without_a_wait_ends_loudly() -> None:
    """A plan that turns in a circle at one instant is left, with the reason."""
    circle = plan(
        {"id": "a", "action": "split", "branches": [{"to": "b", "weight": 1}] * 2},
        {"id": "b", "action": "split", "branches": [{"to": "a", "weight": 1}] * 2},
    )
    walker = Walker(circle).look(START)
    assert (walker.enrollment.status, walker.enrollment.exit) == ("exited", "loop")


def test_who_has_much_to_catch_up_is_looked_at_again() -> None:
    """A walk that was paused for a month is no loop, however short its waits are."""
    circle = plan(
        wait("a", on("elapsed", "b", after="PT1M")), wait("b", on("elapsed", "a", after="PT1M"))
    )
    month = START + 30 * DAY
    walker = Walker(circle).look(month)
    assert walker.enrollment.next_at == month
    assert 500 < len(walker.enrollment.moves) < 2000
    while walker.enrollment.next_at == month:
        walker.look(month)
    assert len(walker.enrollment.moves) == 30 * 24 * 60
    assert walker.enrollment.next_at == month + timedelta(minutes=1)


def test_whoever_waits_for_events_alone_is_looked_at_now_and_then() -> None:
    """A mark that was lost by whatever accident costs a month, not for ever."""
    walker = Walker(plan(wait("a", on("purchase", "stop")), STOP)).look(START)
    assert walker.enrollment.next_at == START + SAFETY_LOOK


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["delivered", "opened", "clicked", "failed"]),
        st.integers(0, 120).map(lambda n: n * HOUR),
    ),
    max_size=5,
)
WALKED = plan(
    send("a", on("opened", "b", within="P1D"), on("clicked", "c"), on("no_open", "c", after="P2D")),
    wait("b", on("clicked", "d", after="PT6H"), on("no_click", "a", after="PT30H")),
    send("c", on("delivered", "b"), on("failed", "stop"), on("elapsed", "a", after="P1D")),
    send("d", on("no_reply", "stop", after="P1D"), schedule={"delay": "PT12H"}),
    STOP,
)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from("abcd"), EVENTS),
    st.integers(0, 30),
    st.sets(st.integers(0, 400), max_size=30),
)
def test_how_often_one_looks_changes_nothing(
    events: dict[str, list[tuple[str, timedelta]]], late: int, looks: set[int]
) -> None:
    """Looked at whenever it asks to be, or much more often: the same path at the same instants."""

    def walk(often: set[int]) -> Walker:
        walker = Walker(WALKED, events, late=late * HOUR)
        for hour in range(402):
            at = START + hour * HOUR
            while hour in often or _is_due(walker, at):
                often = often - {hour}
                walker.look(at)
        return walker

    often, seldom = walk(set(range(402))), walk(looks)
    assert [(m.source, m.target, m.on, m.at) for m in often.enrollment.moves] == [
        (m.source, m.target, m.on, m.at) for m in seldom.enrollment.moves
    ]
    assert often.promises == seldom.promises


def _is_due(walker: Walker, at: datetime) -> bool:
    """Tell whether somebody is to be looked at: at the time that was asked for, or after a mark."""
    next_at = walker.enrollment.next_at
    if not walker.enrollment.moves and not walker.promises:
        return True
    return next_at is not None and (next_at <= at or walker.facts(at) != walker.seen)
