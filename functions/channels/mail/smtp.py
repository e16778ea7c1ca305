"""Mails, handed to a mail server by SMTP."""

import asyncio
from collections.abc import Sequence
from typing import Final

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException

from functions.channels.base import BaseChannel
from functions.channels.mail.composer import Composer, Mail
from functions.channels.mail.sendgrid_events import SendGridEvents
from functions.channels.mail.smtp_connections import MailServer
from functions.channels.mail.smtp_replies import after_data, before_data
from functions.domain.messages.delivery_events import DeliveryEvent
from functions.domain.messages.send_outcomes import (
    Accepted,
    Deferred,
    Rejected,
    SendOutcome,
    Unknown,
)
from functions.engine.ports.channel import Outbound, SignatureError, Traits, WebhookRequest
from functions.engine.ports.clock import Clock

CONNECTIONS: Final = 10  #: at a time; each hands over one mail after the other
#: How long a mail waits: for a connection, until its addresses are taken, until it is taken
#: itself. Together less than the time for which a message may be on its way to a provider.
TURN_S: Final = 20.0
ADDRESS_S: Final = 20.0
TAKE_S: Final = 40.0
#: A mail server says no more than whether it takes a mail. What readers do our own links tell.
_UNTOLD: Final = frozenset({"delivered", "complained"})


class MailReceiver(BaseChannel):
    """The Receiver of mails: what becomes of them, a provider such as SendGrid tells by webhook."""

    def __init__(self, *, events: SendGridEvents | None, clock: Clock) -> None:
        super().__init__(clock)
        self._events = events
        self.traits = Traits(untold=frozenset() if events else _UNTOLD)

    def parse_webhook(self, request: WebhookRequest) -> Sequence[DeliveryEvent]:
        """Return what a batch of SendGrid's events tells; SignatureError unless it signed them."""
        if self._events is None:
            raise SignatureError("No key is set to verify events of mails with.")
        return self._events.parse(request)


class Smtp(MailReceiver):
    """The Channel of mails."""

    def __init__(
        self,
        *,
        server: MailServer,
        composer: Composer,
        events: SendGridEvents | None,
        clock: Clock,
    ) -> None:
        super().__init__(events=events, clock=clock)
        self._server = server
        self._composer = composer
        self._turns = asyncio.Semaphore(CONNECTIONS)

    async def send(self, outbound: Outbound) -> SendOutcome:
        """Hand the mail to the server, once; Accepted with the mail's own Message-ID."""
        mail = self._composer.compose(outbound, at=self._clock.now())
        if isinstance(mail, Rejected):
            return mail
        try:
            async with asyncio.timeout(TURN_S):
                await self._turns.acquire()
        except TimeoutError:
            return Deferred("provider_slow")
        try:
            return Rejected("expired") if self._is_late(outbound) else await self._hand_over(mail)
        finally:
            self._turns.release()

    async def close(self) -> None:
        """Close the connections that are kept."""
        await self._server.close()

    async def _hand_over(self, mail: Mail) -> SendOutcome:
        try:
            async with asyncio.timeout(ADDRESS_S):
                connection = await self._server.addressed(mail.sender, mail.to)
        except (SMTPException, OSError) as error:
            return before_data(error)
        try:
            outcome = await self._tell(connection, mail)
        except BaseException:
            connection.close()
            raise
        if isinstance(outcome, Unknown):
            connection.close()  # Its answer may come yet, and would be taken for the next mail's.
        self._server.keep(connection)
        return outcome

    async def _tell(self, connection: SMTP, mail: Mail) -> SendOutcome:
        try:
            async with asyncio.timeout(TAKE_S):
                await connection.data(mail.content)
        except (SMTPException, OSError) as error:
            return after_data(error)
        return Accepted(mail.id)
