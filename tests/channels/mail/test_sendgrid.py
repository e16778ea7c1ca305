"""SendGrid's events of mails: who may tell them, and what they come to."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from functions.channels.mail.sendgrid_events import SendGridEvents
from functions.channels.mail.sendgrid_signature import (
    MAX_BATCH_BYTES,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    read_key,
    verify,
)
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Retry
from functions.engine.ports.channel import SignatureError, WebhookRequest
from tests.channels.conformance import REF
from tests.channels.mail.rig import INBOUND, SENT_AT, SendGrid, SmtpRig
from tests.channels.mail.smtp_server import MailServer
from tests.channels.mail.test_composer import composed
from tests.clock import NOON, MovedClock

#: Published with sendgrid-python, test/unit/test_eventwebhook.py.
PUBLIC_KEY: Final = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+"
    "2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
)
OTHER_KEY: Final = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqTxd43gyp8IOEto2LdIfjRQrIbsd4SXZkLW6jDutdhXSJCWHw8REntlo"
    "7aNDthvj+y7GjUuFDb/R1NGe1OPzpA=="
)
SIGNATURE: Final = (
    "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtE"
    "ZtM="
)
OTHER_SIGNATURE: Final = (
    "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH3"
    "j/0="
)
TIMESTAMP: Final = "1600112502"
_DROPPED: Final = {
    "email": "hello@world.com",
    "event": "dropped",
    "reason": "Bounced Address",
    "sg_event_id": "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",
    "sg_message_id": "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
    "smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",
    "timestamp": 1600112492,
}
PAYLOAD: Final = json.dumps([_DROPPED], separators=(",", ":")).encode() + b"\r\n"


def vector(
    *, body: bytes = PAYLOAD, signature: str = SIGNATURE, timestamp: str = TIMESTAMP
) -> WebhookRequest:
    """Return the published request, changed."""
    headers = {SIGNATURE_HEADER: signature, TIMESTAMP_HEADER: timestamp}
    return WebhookRequest("POST", INBOUND, headers, body)


# --- The signature ----------------------------------------------------------------------------


def test_the_published_signature_counts() -> None:
    """What SendGrid's own library accepts we accept, old as it is, line end included."""
    verify(vector(), read_key(PUBLIC_KEY))


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        (OTHER_KEY, {}),
        (PUBLIC_KEY, {"body": b"payload"}),
        (PUBLIC_KEY, {"body": PAYLOAD.rstrip()}),
        (PUBLIC_KEY, {"signature": OTHER_SIGNATURE}),
        (PUBLIC_KEY, {"signature": ""}),
        (PUBLIC_KEY, {"signature": "not base64!"}),
        (PUBLIC_KEY, {"signature": "é"}),
        (PUBLIC_KEY, {"timestamp": "timestamp"}),
        (PUBLIC_KEY, {"timestamp": ""}),
        (PUBLIC_KEY, {"body": b"x" * (MAX_BATCH_BYTES + 1)}),
    ],
)
def test_any_other_does_not(key: str, changes: dict[str, Any]) -> None:
    """Another key, body, signature or time is refused."""
    with pytest.raises(SignatureError):
        verify(vector(**changes), read_key(key))


def test_a_request_without_headers_is_refused() -> None:
    """Nobody is believed without a signature."""
    with pytest.raises(SignatureError):
        verify(replace(vector(), headers={}), read_key(PUBLIC_KEY))


ED25519: Final = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="


@pytest.mark.parametrize("text", ["key", "é", "AAAA", PUBLIC_KEY[:-8], ED25519])
def test_a_key_that_is_none_is_named(text: str) -> None:
    """What is not the key that SendGrid shows is refused when we start, not at the first event."""
    with pytest.raises(ValueError, match="verification key"):
        read_key(text)


def test_without_a_key_nobody_is_believed() -> None:
    """Where SendGrid is not used, no event of a mail counts."""
    channel = SmtpRig(MailServer(port=1), sendgrid=None).channel
    with pytest.raises(SignatureError):
        channel.parse_webhook(vector())


# --- The events -------------------------------------------------------------------------------


@pytest.fixture
def sendgrid() -> SendGrid:
    """Give an account of SendGrid to a test."""
    return SendGrid()


def parsed(sendgrid: SendGrid, *events: Any) -> list[DeliveryEvent]:
    """Return what a batch comes to."""
    return reader(sendgrid).parse(sendgrid.post(*events))


def reader(sendgrid: SendGrid) -> SendGridEvents:
    """Return our end of the account."""
    return SendGridEvents(read_key(sendgrid.public_key), clock=MovedClock())


def told(sendgrid: SendGrid, kind: str, **more: Any) -> dict[str, Any]:
    """Return an event of the third attempt of the usual message."""
    return sendgrid.event(composed(for_sendgrid=True, attempt=3).content, kind, **more)


FAILED = EventKind.FAILED


@pytest.mark.parametrize(
    ("event", "more", "kind", "reason", "suppress"),
    [
        ("processed", {}, EventKind.SENT, "", ""),
        ("delivered", {}, EventKind.DELIVERED, "", ""),
        ("open", {}, EventKind.READ, "", ""),
        ("open", {"sg_machine_open": False}, EventKind.READ, "", ""),
        ("click", {"url": "https://shop.example"}, EventKind.CLICKED, "", ""),
        ("bounce", {"type": "bounce"}, FAILED, "bounced", "bounced"),
        ("bounce", {}, FAILED, "bounced", "bounced"),
        ("dropped", {"reason": "Bounced Address"}, FAILED, "provider_dropped", ""),
        ("dropped", {}, FAILED, "provider_dropped", ""),
        ("dropped", {"reason": "Invalid"}, FAILED, "invalid_address", ""),
        ("spamreport", {}, EventKind.COMPLAINED, "", "complained"),
        ("unsubscribe", {}, EventKind.OPTED_OUT, "", "unsubscribed"),
        ("group_unsubscribe", {"asm_group_id": 1}, EventKind.OPTED_OUT, "", "unsubscribed"),
    ],
)
def test_each_event_has_its_meaning(
    sendgrid: SendGrid,
    event: str,
    more: dict[str, Any],
    kind: EventKind,
    reason: str,
    suppress: str,
) -> None:
    """Every event tells its message, attempt, time and Message-ID, and whom not to write to."""
    (found,) = parsed(sendgrid, told(sendgrid, event, **more))
    assert (found.kind, found.reason, found.suppress) == (kind, reason, suppress)
    assert (found.ref, found.attempt, found.retry) == (REF, 3, Retry.NEVER)
    assert found.at == datetime.fromtimestamp(SENT_AT, UTC)
    assert found.provider_id == composed(attempt=3).id


@pytest.mark.parametrize(
    ("event", "more"),
    [
        ("deferred", {"attempt": "5", "response": "400 try again later"}),
        ("group_resubscribe", {}),
        ("account_status_change", {}),
        ("delivered", {"clarion": None}),
        ("delivered", {"clarion": 7}),
        ("delivered", {"clarion": "acme/c1/m1/1"}),
        ("delivered", {"clarion": "/webhooks/smtp/receipt/acme/c1/m1/x"}),
        ("delivered", {"clarion": "/webhooks/smtp/receipt/a%2Fb/c1/m1/1"}),
        ("delivered", {"clarion": "/webhooks/plivo/receipt/acme/c1/m1/1"}),
        (None, {}),
    ],
)
def test_what_is_not_of_our_mails_tells_nothing(
    sendgrid: SendGrid, event: Any, more: dict[str, Any]
) -> None:
    """Events that change nothing, or name no message of ours, are left out; others still count."""
    events = parsed(sendgrid, told(sendgrid, event, **more), told(sendgrid, "delivered"))
    assert [each.kind for each in events] == [EventKind.DELIVERED]


def test_a_batch_tells_of_many_mails(sendgrid: SendGrid) -> None:
    """A thousand events of as many messages come in one request, in their order."""
    events = [
        {**told(sendgrid, "delivered"), "clarion": f"/webhooks/smtp/receipt/acme/c1/m{number}/1"}
        for number in range(1000)
    ]
    found = parsed(sendgrid, *events)
    assert [event.ref.message for event in found] == [f"m{number}" for number in range(1000)]
    assert len({event.id for event in found}) == 1000


def test_an_event_is_known_by_sendgrid_s_id(sendgrid: SendGrid) -> None:
    """One event in two batches has one id; two openings have two."""
    one = told(sendgrid, "open", sg_event_id="a")
    first, again, other = parsed(sendgrid, one, one, told(sendgrid, "open", sg_event_id="b"))
    assert first.id == again.id != other.id
    assert "/" not in first.id


@pytest.mark.parametrize("timestamp", [None, "now", 10**30, [1]])
def test_an_event_without_a_time_is_of_now(sendgrid: SendGrid, timestamp: Any) -> None:
    """A time that cannot be read does not cost us the event."""
    (found,) = parsed(sendgrid, told(sendgrid, "delivered", timestamp=timestamp))
    assert found.at == NOON


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"{}", b'"text"', b"\xff", b"[[[[", b"[NaN]"])
def test_what_is_no_batch_is_refused(sendgrid: SendGrid, body: bytes) -> None:
    """A signed body that is no array of events is refused as what it is."""
    with pytest.raises(ValueError, match=r"."):
        reader(sendgrid).parse(sendgrid.signed(body))


def test_members_that_are_no_events_are_left_out(sendgrid: SendGrid) -> None:
    """Whatever else stands in a batch, its events count."""
    events = parsed(sendgrid, None, 7, "text", [], {}, told(sendgrid, "delivered"))
    assert [each.kind for each in events] == [EventKind.DELIVERED]


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "GET"},
        {"url": "https://app.example/webhooks/other/inbound/acme"},
        {"url": "https://app.example/webhooks/smtp/receipt/acme/c1/m1/1"},
    ],
)
def test_events_come_to_one_place(sendgrid: SendGrid, changes: dict[str, Any]) -> None:
    """The signature does not cover the address, so what came to another one is refused for that."""
    request = replace(sendgrid.post(told(sendgrid, "delivered")), **changes)
    with pytest.raises(ValueError, match="asked to post"):
        reader(sendgrid).parse(request)


@pytest.mark.parametrize(
    ("event", "more", "machine"),
    [
        ("open", {"sg_machine_open": True}, True),
        ("open", {"sg_machine_open": False}, False),
        ("open", {"useragent": "Mozilla/5.0"}, True),
        ("click", {"useragent": "Mozilla/5.0 (compatible; Barracuda Sentinel)"}, True),
        ("click", {"useragent": "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0"}, False),
        ("click", {}, False),
    ],
)
def test_what_programs_do_is_told_apart(
    sendgrid: SendGrid, event: str, more: dict[str, Any], machine: bool
) -> None:
    """SendGrid says so of openings, and of both by which program it was."""
    (found,) = parsed(sendgrid, told(sendgrid, event, **more))
    assert found.machine is machine
