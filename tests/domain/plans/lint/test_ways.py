"""What is found in ways out, exits and goals."""

from typing import Any

import pytest

from functions.domain.kinds import ChannelKind, facts_of
from functions.domain.plans.lint.findings import Level
from functions.domain.plans.reading import read_plan
from tests.domain.plans.lint.linting import END, codes, errors, found_in, found_in_steps
from tests.domain.plans.walking import START, STOP, on, send, wait

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
        (send("a", END, on("replied", "stop")), "event_never_comes", "1/on"),
        (send("a", END, on("complained", "stop")), "never_taken", "1/on"),
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


CALL = {"channel": "voice", "botUrl": "wss://bot.example.com/x", "subject": None, "body": None}
SMS = {"channel": "sms", "subject": None}
CHAT = {"channel": "whatsapp", "subject": None}
CALLS = "answered busy completed machine no_answer"
POST = {"id": "a", "action": "webhook", "url": "https://example.com/x", "subject": None}


@pytest.mark.parametrize(
    ("said", "never"),
    [
        ({}, f"{CALLS} replied"),
        (SMS, f"{CALLS} bounced clicked complained"),
        (CHAT, f"{CALLS} bounced clicked complained"),
        (CALL, "bounced clicked complained delivered machine opened replied"),
        (
            CALL | {"machineDetection": "true"},
            "bounced clicked complained delivered opened replied",
        ),
        (POST, f"{CALLS} bounced clicked complained delivered opened replied"),
    ],
    ids=["mail", "sms", "whatsapp", "call", "call that listens", "webhook"],
)
def test_an_event_that_no_provider_of_the_channel_tells_is_told(
    said: dict[str, Any], never: str
) -> None:
    """Of a mail nobody tells an answer, of a text no click, of a call no delivery."""
    asked = sorted(event for kind in ChannelKind for event in facts_of(kind).events)
    ways = [on(event, "stop") for event in dict.fromkeys(asked)]
    found = found_in({**send("a", END, *ways), **said}, STOP)
    named = {each.sentence.split("'")[1] for each in found if each.code == "event_never_comes"}
    assert named == {*never.split()}


def test_who_waits_behind_a_text_waits_for_what_is_told_of_texts() -> None:
    """Through nodes that say nothing, from wherever somebody may come; a timer of it just waits."""
    row = [
        send("a", on("elapsed", "lot", after="P1D"), **SMS),
        {"id": "lot", "action": "split", "branches": [{"to": b, "weight": 1} for b in "bc"]},
        wait("b", on("clicked", "stop"), on("no_click", "stop")),
        wait("c", on("replied", "stop"), END),
        STOP,
    ]
    found = found_in(*row)
    assert codes(found) == [
        ("event_never_comes", f"/nodes/2/transitions/{number}/on") for number in (0, 1)
    ]
    assert "elapsed" in found[1].hint
    other = send("d", on("elapsed", "b", after="P1D"))
    assert codes(found_in(*row, other)) == [("unreachable", "/nodes/5")]


def test_nothing_is_told_of_messages_before_one_is_sent() -> None:
    """Somebody who enters at a wait hears of what happens elsewhere alone."""
    first = wait("w", on("opened", "stop"), on("order_paid", "a"), END)
    assert codes(found_in(first, send("a", END), STOP)) == [
        ("event_never_comes", "/nodes/0/transitions/0/on")
    ]


def test_what_only_another_event_proves_is_told() -> None:
    """Whoever answers a text has read it, and nobody else is known to."""
    (found,) = found_in(send("a", on("opened", "stop"), END, **SMS), STOP)
    assert (found.code, found.hint) == ("event_only_proven", "name replied instead")


def test_what_our_own_provider_does_not_tell_is_told() -> None:
    """A mail server says nothing of a mail that it has taken, though others do."""
    document = {
        "startNodeId": "a",
        "nodes": [send("a", on("delivered", "stop"), END), STOP],
        "exits": [{"on": "complained", "as": "annoyed"}],
    }
    quiet = {ChannelKind.EMAIL: frozenset({"delivered", "complained"})}
    assert read_plan(document, now=START).findings == []
    assert codes(read_plan(document, now=START, untold=quiet).findings) == [
        ("event_never_comes", "/exits/0/on"),
        ("event_only_proven", "/nodes/0/transitions/0/on"),
    ]


def test_whoever_goes_on_as_a_call_is_picked_up_has_left_the_machine_behind() -> None:
    """That it was one is told seconds later; how the call ended, later still."""
    listens = CALL | {"machineDetection": "true"}
    for other, expected in (("answered", ["never_taken"]), ("completed", [])):
        ways = [on("machine", "stop"), on(other, "stop"), END]
        found = found_in({**send("a", *ways), **listens}, STOP)
        assert [each.code for each in found] == expected


def test_calls_alone_listen_for_machines() -> None:
    """A text that is to do so is refused, and a machine that nobody listens for is doubted."""
    found = found_in(send("a", END, **SMS, machineDetection="true"), STOP)
    assert errors(found) == [("content", "/nodes/0/machineDetection")]
    (doubt,) = found_in({**send("a", on("machine", "stop"), END), **CALL}, STOP)
    assert doubt.hint.endswith("machineDetection")


def test_an_event_of_a_fallback_s_channel_can_come() -> None:
    """The text that follows a call may be answered in writing."""
    node = send("a", on("replied", "stop"), END, **CALL)
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
