"""What is found in what nodes and steps say, write and call, and in their hours."""

from datetime import time
from typing import Any

import pytest

from functions.domain.sending_rules.windows import Window
from tests.domain.plans.lint.linting import END, codes, errors, found_in, found_in_steps
from tests.domain.plans.walking import STOP, send

PAST = {"at": "2026-03-01T00:00:00Z"}
BOT = {"channel": "voice", "subject": None, "body": None}


@pytest.mark.parametrize(
    ("node", "code", "place"),
    [
        (send("a", END, body="", subject="x"), "content_missing", "/body"),
        (send("a", END, body=None, subject="x"), "content_missing", ""),
        (send("a", END, body="Hi {{ x | nonsense }}"), "template", "/body"),
        (send("a", END, subject="{{ x"), "template", "/subject"),
        (send("a", END, html="<p>{% if x %}</p>"), "template", "/html"),
        (send("a", END, channel="sms"), "content", "/subject"),
        (send("a", END, sender="nobody"), "content", "/sender"),
        (send("a", END, **BOT), "content_missing", ""),
        (send("a", END, **BOT, botUrl="https://bot.example.com"), "url", "/botUrl"),
        (send("a", END, **BOT, botUrl="wss://localhost/x"), "url", "/botUrl"),
        (send("a", END, fallbacks=[{"channel": "sms"}]), "content_missing", "/fallbacks/0"),
        (
            send("a", END, fallbacks=[{"channel": "sms", "body": "{{"}]),
            "template",
            "/fallbacks/0/body",
        ),
        (
            send("a", END, fallbacks=[{"channel": "sms", "body": "x", "after": ["busy", "cold"]}]),
            "reason",
            "/fallbacks/0/after/1",
        ),
        (
            send("a", END, channel="whatsapp", subject=None, providerTemplate="x"),
            "content_missing",
            "",
        ),
        (
            send(
                "a",
                channel="sms",
                subject=None,
                providerTemplate="x",
                parameters=["ok", "{{ x | y }}"],
            ),
            "template",
            "/parameters/1",
        ),
        (send("a", END, schedule=PAST), "at_in_the_past", "/schedule/at"),
        (send("a", schedule={"at": "9999-12-31T23:59:59-12:00"}), "waits_too_long", "/schedule/at"),
        (send("a", schedule={"at": "0001-01-01T00:00:00+12:00"}), "at_in_the_past", "/schedule/at"),
        (
            send("a", END, schedule={"until": {"date": "2026-02-30"}}),
            "no_such_day",
            "/schedule/until/date",
        ),
        (
            send("a", schedule={"until": {"date": "9999-12-31"}}),
            "waits_too_long",
            "/schedule/until/date",
        ),
        (
            send("a", schedule={"until": {"date": "0001-01-01"}}),
            "at_in_the_past",
            "/schedule/until/date",
        ),
        (send("a", schedule={"delay": "P6Y"}), "waits_too_long", "/schedule/delay"),
        (send("a", expiresAfter="P6Y"), "waits_too_long", "/expiresAfter"),
        ({"id": "a", "action": "webhook", "url": "mailto:x@example.com"}, "url", "/url"),
        (
            {"id": "a", "action": "update_contact", "fields": {"phone": "+1"}, "to": "stop"},
            "field",
            "/fields/phone",
        ),
        (
            {"id": "a", "action": "update_contact", "fields": {"zone": "EST9"}, "to": "stop"},
            "field",
            "/fields/zone",
        ),
        (
            {"id": "a", "action": "update_contact", "fields": {"active": "no"}, "to": "stop"},
            "field",
            "/fields/active",
        ),
        (
            {"id": "a", "action": "update_contact", "fields": {"stage": "{{ x"}, "to": "stop"},
            "template",
            "/fields/stage",
        ),
    ],
)
def test_what_cannot_be_said_is_an_error(node: dict[str, Any], code: str, place: str) -> None:
    """Held to the rules of campaigns, at the member that breaks one."""
    assert errors(found_in(node, STOP)) == [(code, f"/nodes/0{place}")]


def test_a_template_s_mistake_has_line_and_column() -> None:
    """As an editor shows them."""
    (found,) = found_in(send("a", END, body="Hi\n  {{ x | nonsense }}"), STOP)
    assert "Line 2, column 10" in found.sentence


def test_a_sender_may_be_the_organisation_s() -> None:
    """No node needs one of its own."""
    node = send("a", END, **BOT, botUrl="wss://bot.example.com/talk")
    assert found_in(node, STOP) == []


def test_a_step_is_held_to_the_same_rules() -> None:
    """By the channel that its sequence goes by."""
    step = {"id": "a", "offset": "P6Y", "subject": "Hi", "body": "{{"}
    found = found_in_steps(step, defaults={"channel": "sms"})
    assert errors(found) == [
        ("content", "/steps/0/subject"),
        ("template", "/steps/0/body"),
        ("waits_too_long", "/steps/0/offset"),
    ]


def test_words_that_look_like_fields_are_told() -> None:
    """What other products write goes out as it stands; a misspelt field prints nothing."""
    found = found_in(send("a", END, body="Hi {fname} {plan} {{ first_nane }} {{ colour }}"), STOP)
    assert {each.code for each in found} == {"word_in_braces", "unknown_field"}
    assert len(found) == 3


def test_hours_that_never_open_are_an_error() -> None:
    """What the organisation's quiet hours leave, the plan's close."""
    days = Window(time(8), time(20))
    nights = {"start": "08:00", "end": "20:00"}
    assert errors(found_in(send("a"), windows=[days], quietHours=nights)) == [
        ("never_opens", "/quietHours")
    ]
    nights["end"] = "19:59"
    assert found_in(send("a"), windows=[days], quietHours=nights) == []
    nowhere = Window(time(8), time(20), frozenset(range(7)))
    assert codes(found_in(send("a"), windows=[nowhere])) == [("never_opens", "")]


def test_quiet_hours_of_no_length_are_none() -> None:
    """Equal times close nothing."""
    assert found_in(send("a"), quietHours={"start": "09:00", "end": "09:00"}) == []
