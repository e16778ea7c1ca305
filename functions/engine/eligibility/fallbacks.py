"""Fallbacks: what a message by a further channel says, and to which address.

It was made when the message before it failed, and names its send alone. It is filled in when its
turn comes, with what is known of the recipient then.
"""

from collections.abc import Sequence
from functools import cached_property

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.send import Send
from functions.domain.contacts.addresses import address_for, phone_and_email
from functions.domain.messages.attempts import end
from functions.domain.messages.message import Changes, Message, MessageStatus
from functions.engine.campaigns.audience import recipients_of
from functions.engine.campaigns.recipient import Recipient
from functions.engine.campaigns.rendering import CannotRenderError, Renderer
from functions.engine.contacts.suppressions import suppressed_among
from functions.engine.kernel.engine import Engine
from functions.engine.messages.changes import Tracked


class Fallbacks:
    """The messages of one send of a campaign that have not been filled in."""

    def __init__(self, engine: Engine, campaign: Campaign, send: Send) -> None:
        self._engine = engine
        self._campaign = campaign
        self._send = send

    @cached_property
    def _renderer(self) -> Renderer:
        """Fills in what the send says: most senders have nobody to fill in, and need none."""
        return Renderer(self._send)

    async def fill(self, following: Sequence[Tracked]) -> list[tuple[Tracked, Changes]]:
        """Return what those of these are to say who do not know it yet, or why they do not."""
        blank = [tracked for tracked in following if not tracked.message.filled]
        if not blank:
            return []
        contacts = {tracked.message.contact for tracked in blank}
        known = await recipients_of(self._engine, self._campaign, self._send, contacts)
        people = [self._recipient(tracked.message, known) for tracked in blank]
        suppressed = await suppressed_among(
            self._engine,
            self._campaign.org,
            {recipient.address for recipient in people if recipient.address},
            scopes=self._campaign.suppression_scopes(self._send),
            now=self._engine.clock.now(),
        )
        return [
            (tracked, self._filled(recipient, barred=recipient.address in suppressed))
            for tracked, recipient in zip(blank, people, strict=True)
        ]

    def _recipient(self, message: Message, known: dict[str, Recipient]) -> Recipient:
        """Return whom a message is for; of whom nothing is stored, the address it is known by."""
        if message.contact in known:
            return known[message.contact]
        phone, email = phone_and_email(message.address)
        address = address_for(self._send.channel, phone=phone, email=email)
        reason = "" if address else "no_address"
        return Recipient(
            message.contact, address, message.region, message.zones, skip_reason=reason
        )

    def _filled(self, recipient: Recipient, *, barred: bool) -> Changes:
        reason = "suppressed" if barred else recipient.skip_reason
        if not reason:
            try:
                return {
                    "filled": True,
                    "address": recipient.address,
                    **self._renderer.of(recipient),
                }
            except CannotRenderError as error:
                reason = str(error)
        return end(MessageStatus.SKIPPED, reason, now=self._engine.clock.now())
