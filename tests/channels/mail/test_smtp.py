"""Mails by SMTP, against a real mail server: every answer, lost connections, TLS and logins."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.bootstrap.stack import build
from functions.channels.mail.smtp import CONNECTIONS, TURN_S
from functions.channels.mail.smtp_connections import LONGEST_IDLE
from functions.domain.messages.delivery_events import EventKind, Retry
from functions.domain.messages.send_outcomes import (
    Accepted,
    Deferred,
    Rejected,
    SendOutcome,
    Unknown,
)
from functions.domain.urls.tracking_links import Purpose
from functions.settings.load import SettingsError, load_settings
from functions.settings.model import Settings
from tests.channels.conformance import REF, ChannelConformance
from tests.channels.mail.rig import SmtpRig, ToMailboxes, mail, start, stop
from tests.channels.mail.smtp_server import (
    DROP,
    GARBAGE,
    HANG,
    MailServer,
)
from tests.loop_time import put_loop_forward


@pytest.fixture
async def rig() -> AsyncIterator[SmtpRig]:
    """Give a mail server and its channel to a test."""
    made = await start()
    yield made
    await stop(made)


class TestSmtpConformance(ChannelConformance):
    """Mails by SMTP keep the promises of the Channel port."""

    told = (EventKind.SENT, EventKind.DELIVERED)
    looks_up = False
    signs_urls = False

    @pytest.fixture
    async def rig(self) -> AsyncIterator[SmtpRig]:
        """Give a channel that writes to whom the suite calls."""
        made = await start(kind=ToMailboxes)
        yield made
        await stop(made)


# --- Answers ----------------------------------------------------------------------------------


async def test_a_taken_mail_is_known_by_its_own_id(rig: SmtpRig) -> None:
    """The server gets one mail for one person, and we keep its Message-ID."""
    accepted = await rig.channel.send(mail())
    (taken,) = rig.server.taken
    assert accepted == Accepted(taken.mail["Message-ID"])
    assert (taken.sender, taken.to) == ("ana@shop.example", ["zoe@home.example"])


GONE = Rejected("invalid_address", suppress="bounced")
BY_POLICY = Rejected("refused_by_policy", Retry.REFUSED)


@pytest.mark.parametrize(
    ("command", "answer", "outcome"),
    [
        ("MAIL", "421 4.3.2 Shutting down", Deferred("provider_error_421", throttled=True)),
        ("MAIL", "451 4.3.0 Try later", Deferred("provider_error_451")),
        ("MAIL", "454 4.7.0 Throttling", Deferred("provider_error_454", throttled=True)),
        ("MAIL", "550 5.7.1 Not yours", Rejected("refused_by_policy", Retry.STOP)),
        ("MAIL", "550 No", Rejected("provider_error_550", Retry.STOP)),
        ("MAIL", "530 5.7.0 Log in", Rejected("provider_error_530", Retry.STOP)),
        ("MAIL", GARBAGE, Deferred("provider_unreadable_answer")),
        ("RCPT", "450 4.2.1 Greylisted", Deferred("provider_error_450")),
        ("RCPT", "452 4.2.2 Mailbox full", Deferred("provider_error_452")),
        ("RCPT", "421 4.7.0 Too many", Deferred("provider_error_421", throttled=True)),
        ("RCPT", "550 5.1.1 No such user", GONE),
        ("RCPT", "550 No such user", GONE),
        ("RCPT", "551 Not here", Rejected("provider_error_551")),
        ("RCPT", "553 5.1.3 Bad address", GONE),
        ("RCPT", "554 5.2.1 Mailbox disabled", Rejected("provider_error_554")),
        ("RCPT", "552 5.2.2 Mailbox full", Rejected("mailbox_full")),
        ("RCPT", "550 relay not permitted", Rejected("relay_denied", Retry.REFUSED)),
        ("RCPT", "550 5.7.1 Your address is blocked", BY_POLICY),
        ("RCPT", "554 Refused", Rejected("provider_error_554")),
        ("RCPT", "535 5.7.8 Log in", Rejected("provider_error_535", Retry.STOP)),
        ("DATA", "451 4.3.0 Try later", Deferred("provider_error_451")),
        ("DATA", "454 Throttling failure", Deferred("provider_error_454", throttled=True)),
        ("DATA", "421 4.7.0 Too fast", Deferred("provider_error_421", throttled=True)),
        ("DATA", "550 5.1.1 Looks like spam", BY_POLICY),
        ("DATA", "550 5.1.1 No such user", GONE),
        ("DATA", "552 5.3.4 Too large", Rejected("provider_error_552")),
        ("DATA", GARBAGE, Unknown("provider_unreadable_answer")),
    ],
)
async def test_each_answer_has_its_outcome(
    rig: SmtpRig, command: str, answer: str, outcome: SendOutcome
) -> None:
    """An answer means one thing, and whatever it was, the next mail goes through."""
    rig.server.script(**{command: answer})
    assert await rig.channel.send(mail()) == outcome
    assert isinstance(await rig.channel.send(mail()), Accepted)
    assert rig.placed() == 1 + isinstance(outcome, Unknown)


@pytest.mark.parametrize(
    ("command", "fault", "outcome"),
    [
        ("MAIL", DROP, Deferred("provider_disconnected")),
        ("RCPT", DROP, Deferred("provider_disconnected")),
        ("DATA", DROP, Unknown("provider_disconnected")),
        ("MAIL", HANG, Deferred("provider_timeout")),
        ("RCPT", HANG, Deferred("provider_timeout")),
        ("DATA", HANG, Unknown("provider_timeout")),
    ],
)
async def test_a_lost_answer_is_unknown_once_the_mail_was_told(
    rig: SmtpRig, command: str, fault: str, outcome: SendOutcome
) -> None:
    """Before DATA nobody can have the mail; after it somebody may, and it is not told again."""
    rig.server.script(**{command: fault})
    sending = asyncio.create_task(rig.channel.send(mail()))
    await rig.server.silent.acquire()
    if fault == HANG:
        put_loop_forward()
    assert await sending == outcome
    assert isinstance(await rig.channel.send(mail()), Accepted)
    assert rig.placed() == 1 + (command == "DATA")


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
async def test_nothing_is_sent_where_nobody_listens(rig: SmtpRig, host: str) -> None:
    """A refused connection, or a name that leads nowhere, is Deferred."""
    rig.open(port=1, host=host)
    assert await rig.channel.send(mail()) == Deferred("provider_unreachable")


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"sender": "+15550100"}, Rejected("invalid_sender", Retry.STOP)),
        ({"to": "+15550100"}, Rejected("invalid_address")),
        ({"to": "a@b.example\r\nRCPT TO:<c@d.example>"}, Rejected("invalid_address")),
    ],
)
async def test_what_is_no_mail_address_is_not_tried(
    rig: SmtpRig, changes: dict[str, str], outcome: SendOutcome
) -> None:
    """A wrong sender stops the campaign, a wrong recipient fails alone; no server is asked."""
    assert await rig.channel.send(mail(**changes)) == outcome
    assert rig.server.connections == 0


async def test_a_mail_that_would_come_too_late_is_not_sent(rig: SmtpRig) -> None:
    """What is no use any more when its turn comes is not handed over; until then it is."""
    now = rig.clock.now()
    assert await rig.channel.send(mail(expires_at=now)) == Rejected("expired")
    assert isinstance(await rig.channel.send(mail(expires_at=now + timedelta(1))), Accepted)
    assert rig.placed() == 1


# --- Connections ------------------------------------------------------------------------------


async def test_mails_share_connections(rig: SmtpRig) -> None:
    """A hundred mails at once use ten connections at most, and the next one uses one of them."""
    refs = [REF._replace(message=f"m{number}") for number in range(100)]
    sends = [rig.channel.send(mail(ref=ref)) for ref in refs]
    assert all(isinstance(outcome, Accepted) for outcome in await asyncio.gather(*sends))
    assert rig.server.connections == rig.server.most_open == CONNECTIONS
    ids = {taken.mail["Message-ID"] for taken in rig.server.taken}
    assert len(ids) == rig.placed() == 100
    await rig.channel.send(mail())
    assert rig.server.connections == CONNECTIONS


async def test_a_refused_recipient_does_not_cost_the_connection(rig: SmtpRig) -> None:
    """After a refusal the server forgets that mail, and takes the next on the same connection."""
    for _ in range(3):
        rig.server.script(RCPT="550 5.1.1 No such user")
        await rig.channel.send(mail())
        assert isinstance(await rig.channel.send(mail()), Accepted)
    assert rig.server.connections == 1
    assert {len(taken.to) for taken in rig.server.taken} == {1}


async def test_a_connection_that_the_server_ended_is_replaced(rig: SmtpRig) -> None:
    """A server that has waited for too long hangs up; the next mail does not notice."""
    await rig.channel.send(mail())
    rig.server.hang_up()
    assert isinstance(await rig.channel.send(mail()), Accepted)
    await asyncio.sleep(0.02)
    rig.server.hang_up()
    await asyncio.sleep(0.02)
    assert isinstance(await rig.channel.send(mail()), Accepted)
    assert (rig.server.connections, rig.placed()) == (3, 3)


@pytest.mark.parametrize("answer", [DROP, "421 4.4.2 Timeout, closing connection"])
@pytest.mark.parametrize("command", ["MAIL", "RCPT"])
async def test_a_connection_that_dies_when_it_is_used_is_replaced(
    rig: SmtpRig, command: str, answer: str
) -> None:
    """A kept connection that ends before the mail is told, was dead: another one tells it."""
    await rig.channel.send(mail())
    rig.server.script(**{command: answer})
    assert isinstance(await rig.channel.send(mail()), Accepted)
    assert (rig.server.connections, rig.placed()) == (2, 2)


async def test_an_old_connection_is_not_trusted(rig: SmtpRig) -> None:
    """What has stood idle for a minute may be forgotten without a word: a new one is made."""
    await rig.channel.send(mail())
    rig.clock.advance(LONGEST_IDLE)
    await rig.channel.send(mail())
    assert rig.server.connections == 1
    rig.clock.advance(LONGEST_IDLE + timedelta(seconds=1))
    await rig.channel.send(mail())
    assert rig.server.connections == 2


async def test_a_slow_server_is_not_queued_for_without_end(rig: SmtpRig) -> None:
    """Where all connections stay busy, mails are put off before their lease can run out."""
    for _ in range(CONNECTIONS):
        rig.server.script(DATA=HANG)
    refs = [REF._replace(message=f"m{n}") for n in range(CONNECTIONS + 5)]
    sends = [asyncio.create_task(rig.channel.send(mail(ref=ref))) for ref in refs]
    for _ in range(CONNECTIONS):
        await rig.server.silent.acquire()
    put_loop_forward(TURN_S)
    late = await asyncio.gather(*sends[CONNECTIONS:])
    assert late == [Deferred("provider_slow")] * 5
    rig.server.go_on.set()
    assert {type(await send) for send in sends[:CONNECTIONS]} == {Accepted}
    assert rig.placed() == CONNECTIONS


async def test_a_sender_that_is_stopped_leaves_no_connection_behind(rig: SmtpRig) -> None:
    """A send that is cancelled ends its connection, and its turn is another's."""
    for _ in range(CONNECTIONS):
        rig.server.script(DATA=HANG)
    sends = [asyncio.create_task(rig.channel.send(mail())) for _ in range(CONNECTIONS)]
    for _ in sends:
        await rig.server.silent.acquire()
    for send in sends:
        send.cancel()
    await asyncio.gather(*sends, return_exceptions=True)
    assert isinstance(await rig.channel.send(mail()), Accepted)
    assert rig.server.connections == CONNECTIONS + 1


# --- Settings ---------------------------------------------------------------------------------


def settings(folder: Path, **more: Any) -> Settings:
    """Return the settings of a Clarion that sends mails."""
    usual = {
        "store_url": "sqlite:///:memory:",
        "simulator_ledger": folder / "carrier.jsonl",
        "email_provider": "smtp",
        "signing_secret": "a secret of at least thirty-two bytes",
    }
    return load_settings(_env_file=None, **usual | more)


async def test_settings_name_the_server(rig: SmtpRig, tmp_path: Path) -> None:
    """EMAIL_PROVIDER=smtp sends by SMTP_URL, and its links lead back to the same Clarion."""
    stack = build(settings(tmp_path, smtp_url=f"smtp://127.0.0.1:{rig.server.port}"))
    assert isinstance(await stack.engine.channels["smtp"].send(mail()), Accepted)
    await stack.close()
    link = rig.server.taken[0].mail["List-Unsubscribe"].strip("<>")
    assert link.startswith("http://127.0.0.1:8080/links/u/")
    assert stack.context.links.read(Purpose.UNSUBSCRIBE, link.rpartition("/")[2]) is not None


def test_a_key_that_is_none_is_refused_at_the_start(tmp_path: Path) -> None:
    """A SENDGRID_WEBHOOK_PUBLIC_KEY that cannot verify anything is named before anything runs."""
    wrong = settings(
        tmp_path, smtp_url="smtp://127.0.0.1:1", sendgrid_webhook_public_key="not a key"
    )
    with pytest.raises(SettingsError, match="SENDGRID_WEBHOOK_PUBLIC_KEY: must be"):
        build(wrong)


# --- TLS and logins ---------------------------------------------------------------------------


def test_nobody_picks_up_a_mail() -> None:
    """There is nothing to say to somebody who answers a mail as one answers a call."""
    assert SmtpRig(MailServer(port=1)).channel.answer(REF, 1, "").body == b""
