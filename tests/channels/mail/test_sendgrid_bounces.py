"""Why mails by SendGrid came back: no such mailbox, a refusal of us, or neither."""

from typing import Any

import pytest

from functions.channels.mail.composer import Composer, Mail
from functions.channels.mail.sendgrid_events import SendGridEvents
from functions.channels.mail.sendgrid_signature import read_key
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Retry
from tests.channels.mail.rig import BASE, LINKS, SendGrid, mail
from tests.clock import NOON, MovedClock


def told(event: str, **more: Any) -> DeliveryEvent:
    """Return what an event of a mail tells."""
    sendgrid, composer = SendGrid(), Composer(links=LINKS, public_base_url=BASE, for_sendgrid=True)
    sent = composer.compose(mail(), at=NOON)
    assert isinstance(sent, Mail)
    events = SendGridEvents(read_key(sendgrid.public_key), clock=MovedClock())
    (found,) = events.parse(sendgrid.post(sendgrid.event(sent.content, event, **more)))
    return found


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"type": "bounce"},
        {"type": "bounce", "reason": 7, "status": None, "bounce_classification": []},
        {"type": "bounce", "reason": "550 5.1.1 No such user", "status": "5.1.1"},
        {"reason": "500 unknown recipient", "status": "5.0.0"},
        {"type": "bounce", "reason": "bad", "bounce_classification": "Invalid Address"},
    ],
)
def test_a_bounce_off_no_mailbox_bars_the_address(more: dict[str, Any]) -> None:
    """The server or SendGrid says that there is no such mailbox."""
    event = told("bounce", **more)
    assert (event.reason, event.suppress, event.retry) == ("bounced", "bounced", Retry.NEVER)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"type": "bounce", "reason": "550 relay not permitted"}, "relay_denied"),
        ({"type": "blocked", "reason": "550 listed at spamhaus"}, "sender_listed"),
        ({"type": "bounce", "status": "5.7.1"}, "refused_by_policy"),
        ({"type": "bounce", "reason": "no", "bounce_classification": "Content"}, None),
        ({"type": "blocked", "bounce_classification": "Reputation"}, "sender_listed"),
        ({"type": "blocked"}, "provider_blocked"),
    ],
)
def test_a_bounce_off_a_refusal_of_us_bars_nobody(more: dict[str, Any], reason: str | None) -> None:
    """Repeated, it pauses the campaign; SendGrid may call it a bounce all the same."""
    event = told("bounce", **more)
    wanted = (reason or "refused_by_policy", "", Retry.REFUSED)
    assert (event.reason, event.suppress, event.retry) == wanted


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"type": "expired"}, "undelivered"),
        ({"type": "expired", "reason": "unable to get mx info: timeout"}, "undelivered"),
        ({"type": "expired", "reason": "550 5.1.1 No such user"}, "bounced"),
        ({"type": "blocked", "reason": "dial tcp: i/o timeout"}, "provider_blocked"),
        ({"type": "blocked", "reason": "550 5.1.1 No such user"}, "bounced"),
        ({"type": "blocked", "bounce_classification": "Invalid Address"}, "provider_blocked"),
        ({"type": "bounce", "reason": "552 5.2.2 Mailbox full"}, "mailbox_full"),
        ({"type": "bounce", "reason": "550 mailbox unavailable"}, "bounced"),
        ({"type": "bounce", "reason": "x", "bounce_classification": "Technical"}, "undelivered"),
    ],
)
def test_other_bounces_fail_the_mail_and_no_more(more: dict[str, Any], reason: str) -> None:
    """What has expired, is full or is not explained says nothing of the mailbox."""
    event = told("bounce", **more)
    assert (event.kind, event.reason, event.retry) == (EventKind.FAILED, reason, Retry.NEVER)
    assert not event.suppress


@pytest.mark.parametrize(
    ("reason", "told_as", "suppress", "retry"),
    [
        ("Unsubscribed Address", "unsubscribed", "unsubscribed", Retry.NEVER),
        ("Spam Reporting Address", "complained", "complained", Retry.NEVER),
        ("Bounced Address", "provider_dropped", "", Retry.NEVER),
        ("Invalid", "invalid_address", "", Retry.NEVER),
        ("Invalid SMTPAPI header", "provider_dropped", "", Retry.REFUSED),
        ("Spam Content (if Spam Checker app is enabled)", "refused_by_policy", "", Retry.REFUSED),
        ("Recipient List over Package Quota", "sending_quota", "", Retry.REFUSED),
    ],
)
def test_a_dropped_mail_tells_why(reason: str, told_as: str, suppress: str, retry: Retry) -> None:
    """Who asked SendGrid not to be written to is barred here; our own faults bar nobody."""
    event = told("dropped", reason=reason)
    assert (event.reason, event.suppress, event.retry) == (told_as, suppress, retry)
