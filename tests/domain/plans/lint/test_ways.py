"""What is found in ways out, exits and goals."""

from typing import Any

import pytest

from functions.domain.plans.lint.findings import Level
from tests.domain.plans.lint.linting import END, codes, errors, found_in, found_in_steps
from tests.domain.plans.walking import STOP, on, send, wait

OPENED_IN_AN_HOUR = on("opened", "stop", within="PT1H")
OPENED_IN_THREE_DAYS = on("opened", "stop", within="P3D")
UNOPENED = on("no_open", "stop", after="PT72H")


@pytest.mark.parametrize(
    ("node", "code", "place"),
    [
        (send("a", on("elapsed", "b", after="P1D")), "unknown_target", "/transitions/0/to"),
        (wait("a"), "leads_nowhere", ""),
        (wait("a", on("purchase", "stop")), "waits_for_ever", ""),
        (send("a", OPENED_IN_AN_HOUR, UNOPENED), "waits_for_ever", ""),
        (send("a", OPENED_IN_THREE_DAYS, UNOPENED), "waits_for_ever", ""),
        (
            send("a", END, on("no_click", "stop", within="P1D")),
            "timer_within",
            "/transitions/1/within",
        ),
        (send("a", END, on("no_reply", "stop")), "timer_without_time", "/transitions/1/on"),
        (send("a", on("elapsed", "stop", after="P6Y")), "waits_too_long", "/transitions/0/after"),
        (send("a", END, on("x", "stop", within="P6Y")), "waits_too_long", "/transitions/1/within"),
    ],
)
def test_a_way_that_goes_wrong_is_an_error(node: dict[str, Any], code: str, place: str) -> None:
    """With the place where it is written."""
    assert errors(found_in(node, STOP))[0] == (code, f"/nodes/0{place}")


def test_a_stop_has_no_way_out() -> None:
    """It would never be taken."""
    assert errors(found_in({**STOP, "transitions": [END]})) == [
        ("stop_leads_on", "/nodes/0/transitions")
    ]


@pytest.mark.parametrize(
    ("node", "code", "place"),
    [
        (send("a", END, on("clicked", "stop", after="PT1H")), "after_on_event", "1/after"),
        (send("a", END, on("answered", "stop")), "event_never_comes", "1/on"),
        (send("a", END, on("no_busy", "stop", after="PT1H")), "event_never_comes", "1/on"),
        (send("a", END, on("click", "stop")), "event_of_your_own", "1/on"),
        (send("a", END, on("clickd", "stop")), "event_of_your_own", "1/on"),
        (send("a", END, on("elapsed", "stop", after="P2D")), "never_taken", "1"),
        (send("a", END, on("no_open", "stop", after="P2D")), "never_taken", "1"),
        (send("a", END, on("elapsed", "stop", after="PT24H")), "never_taken", "1"),
        (send("a", END, on("clicked", "stop"), on("clicked", "stop")), "never_taken", "2"),
    ],
)
def test_a_way_that_was_hardly_meant_is_told(node: dict[str, Any], code: str, place: str) -> None:
    """A warning refuses nothing."""
    found = found_in(node, STOP)
    assert [each.level for each in found] == [Level.WARNING]
    assert codes(found) == [(code, f"/nodes/0/transitions/{place}")]


def test_a_second_no_open_that_can_never_fire_is_told() -> None:
    """Nor can it behind a shorter no_click: whoever has not opened has not clicked."""
    for first in ("no_open", "no_click"):
        ways = [on(first, "stop", after="P1D"), on("no_open", "stop", after="P3D")]
        found = found_in(send("a", *ways, on("elapsed", "stop", after="P9D")), STOP)
        assert codes(found) == [("never_taken", "/nodes/0/transitions/1")]


def test_no_open_before_no_click_is_fine() -> None:
    """Whoever has opened may still not click."""
    ways = [on("no_open", "stop", after="P1D"), on("no_click", "stop", after="P3D")]
    assert found_in(send("a", *ways, on("elapsed", "stop", after="P9D")), STOP) == []


def test_an_event_of_a_fallback_s_channel_can_come() -> None:
    """The text that follows a call may be answered in writing."""
    call = {"channel": "voice", "botUrl": "wss://bot.example.com/x", "subject": None, "body": None}
    node = send("a", on("replied", "stop"), END, **call)
    assert codes(found_in(node, STOP)) == [("event_never_comes", "/nodes/0/transitions/0/on")]
    node["fallbacks"] = [{"channel": "sms", "body": "Hi"}]
    assert found_in(node, STOP) == []


def test_a_limit_that_is_shorter_than_the_quiet_hours_is_told() -> None:
    """Whoever is sent to in the evening has no hour of it."""
    hours = {"start": "21:00", "end": "07:30"}
    for within, expected in (("PT10H", ["within_the_night"]), ("PT10H30M", [])):
        found = found_in(
            send("a", on("clicked", "stop", within=within), END), STOP, quietHours=hours
        )
        assert [each.code for each in found] == expected


def test_the_same_by_another_channel_is_a_fallback() -> None:
    """Another thing said upon a failure is a node."""
    failed = on("failed", "b")
    for body, expected in (("Hello!", ["use_fallbacks"]), ("Call us, please.", [])):
        text = send("b", END, channel="sms", body=body, subject=None)
        found = found_in(send("a", failed, END), text, STOP)
        assert [each.code for each in found] == expected


def test_opening_alone_stops_nobody_for_sure() -> None:
    """Mail programs open mails by themselves; a click is somebody's."""
    only = send("a", on("opened", "stop"), END)
    assert codes(found_in(only, STOP)) == [("stops_by_opening", "/nodes/0/transitions/0/on")]
    assert found_in(send("a", on("opened", "stop"), on("clicked", "stop"), END), STOP) == []


def test_nobody_leaves_upon_time() -> None:
    """An exit is an event; time leads to a stop."""
    found = found_in(send("a", END), STOP, exits=[{"on": "no_open"}])
    assert errors(found) == [("exit_never_fires", "/exits/0/on")]


def test_a_send_behind_an_exit_that_always_fires_is_an_error() -> None:
    """Whoever leaves upon `sent` is sent one message; where there is one, nothing is lost."""
    two = [send("a", on("elapsed", "b", after="P1D")), send("b")]
    assert errors(found_in(*two, exits=[{"on": "sent"}])) == [("exit_always_fires", "/exits/0/on")]
    assert errors(found_in(*two, goal={"on": "sent"})) == [("exit_always_fires", "/goal/on")]
    assert errors(found_in(send("a"), exits=[{"on": "sent"}])) == []
    steps = [{"id": id_, "offset": "P1D", "subject": "x", "body": "x"} for id_ in "ab"]
    assert errors(found_in_steps(*steps, exits=[{"on": "sent"}])) == [
        ("exit_always_fires", "/exits/0/on")
    ]


def test_ends_are_told_apart() -> None:
    """One event has one end, and none is called like an end that no exit makes."""
    exits = [{"on": "replied"}, {"on": "replied", "as": "answered"}, {"on": "visit", "as": "goal"}]
    found = found_in(send("a", END), STOP, exits=exits)
    assert errors(found) == [("duplicate_exit", "/exits/1/on"), ("reserved_reason", "/exits/2/as")]
    found = found_in(send("a", END), STOP, exits=exits[:1], goal={"on": "replied"})
    assert errors(found) == [("duplicate_exit", "/exits/0/on")]


def test_an_exit_by_another_name_is_told() -> None:
    """It would count as an event of the organisation's own."""
    found = found_in(send("a", END), STOP, exits=[{"on": "reply"}])
    assert codes(found) == [("event_of_your_own", "/exits/0/on")]
    assert "replied" in found[0].hint
