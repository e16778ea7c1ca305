"""TLS and logins of an SMTP server."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from functions.domain.messages.delivery_events import Retry
from functions.domain.messages.send_outcomes import (
    Accepted,
    Deferred,
    Rejected,
    SendOutcome,
)
from tests.channels.mail.rig import SmtpRig, mail, start, stop
from tests.channels.mail.smtp_server import (
    PASSWORD,
    USER,
    Certificate,
    MailServer,
)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Give the certificate of a mail server."""
    return Certificate(Path(tmp_path_factory.mktemp("certificate")))


def protected(certificate: Certificate, **options: Any) -> MailServer:
    """Return a server with a certificate."""
    return MailServer(certificate=certificate, **options)


async def outcome_of(
    server: MailServer, *, host: str = "127.0.0.1", **options: Any
) -> tuple[SendOutcome, SmtpRig]:
    """Send one mail to a server; return what came of it."""
    rig = await start(server, **options)
    rig.open(host=host)
    outcome = await rig.channel.send(mail())
    await stop(rig)
    return outcome, rig


@pytest.mark.parametrize("how", ["implicit_tls", "starttls"])
async def test_mails_travel_under_tls(certificate: Certificate, how: str) -> None:
    """By smtps:// from the first byte, else as soon as the server offers it, with the login."""
    outcome, rig = await outcome_of(
        protected(certificate, logins=True, plain_logins=False, **{how: True}),
        trusts=certificate.client,
        user=USER,
        password=PASSWORD,
    )
    assert isinstance(outcome, Accepted)
    (taken,) = rig.server.taken
    assert (taken.tls, taken.logged_in) == (True, True)


@pytest.mark.parametrize("how", ["implicit_tls", "starttls"])
async def test_a_server_that_cannot_prove_itself_gets_nothing(
    certificate: Certificate, how: str
) -> None:
    """Neither mail nor password goes to whoever has a certificate that nobody vouches for."""
    outcome, rig = await outcome_of(
        protected(certificate, logins=True, **{how: True}),
        trusts=ssl.create_default_context(),
        user=USER,
        password=PASSWORD,
    )
    assert outcome == Deferred("provider_tls_failed")
    assert (rig.server.passwords, rig.server.taken) == ([], [])


async def test_the_password_never_travels_without_tls() -> None:
    """A server that offers no TLS, or whose offer was cut out on the way, is not told it."""
    outcome, rig = await outcome_of(MailServer(logins=True), user=USER, password=PASSWORD)
    assert outcome == Rejected("provider_login_impossible", Retry.STOP)
    assert (rig.server.passwords, rig.server.taken) == ([], [])


async def test_on_this_machine_it_may() -> None:
    """A server on the same machine may be told the password as it is."""
    outcome, rig = await outcome_of(
        MailServer(logins=True), user=USER, password=PASSWORD, plain_login=True
    )
    assert isinstance(outcome, Accepted)
    assert rig.server.taken[0].logged_in


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("", Rejected("provider_error_535", Retry.STOP)),
        ("530 5.7.0 Not like this", Rejected("provider_error_530", Retry.STOP)),
        ("454 4.7.0 Not now", Deferred("provider_error_454", throttled=True)),
    ],
)
async def test_a_refused_login_stops_the_campaign(answer: str, outcome: SendOutcome) -> None:
    """A wrong password is wrong for every mail; a login that fails for now may work later."""
    server = MailServer(logins=True)
    if answer:
        server.script(AUTH=answer)
        server.script(AUTH=answer)  # it is tried in each way that the server offers
    told, rig = await outcome_of(server, user=USER, password="wrong", plain_login=True)
    assert told == outcome
    assert rig.server.taken == []


async def test_a_server_that_wants_a_login_and_gets_none_stops_the_campaign() -> None:
    """Without a user in SMTP_URL, a server that asks for one refuses every mail."""
    outcome, _ = await outcome_of(MailServer(logins=True))
    assert outcome == Rejected("provider_error_530", Retry.STOP)
