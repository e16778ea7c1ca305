"""Fallbacks: what a message by a further channel says, and to which address.

It was made when the message before it failed, and names its send alone. It is filled in when its
turn comes, with what is known of the recipient then.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.send import Send
from functions.domain.contacts.addresses import address_for, phone_and_email
from functions.domain.kinds import facts_of
from functions.domain.messages.attempts import end
from functions.domain.messages.message import Changes, Message, MessageStatus
from functions.domain.plans.enrollment import Enrollment
from functions.engine.campaigns.audience import recipients_of, source_of
from functions.engine.campaigns.content.rendering import CannotRenderError, Renderer
from functions.engine.campaigns.recipient import Recipient
from functions.engine.contacts.suppressions import suppressed_among
from functions.engine.eligibility.halted import walks_of
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine


class Fallbacks:
    """Fills in the messages of one send of a campaign that were made without a text."""

    def __init__(self, engine: Engine, campaign: Campaign, send: Send) -> None:
        self._engine = engine
        self._campaign = campaign
        self._source = source_of(campaign, send)

    @cached_property
    def _renderer(self) -> Renderer:
        """Renders the send: most senders have no message to fill in, and need no templates."""
        return Renderer(self._source.send)

    async def fill(
        self, following: Sequence[Versioned[Message]]
    ) -> list[tuple[Versioned[Message], Changes]]:
        """Return the messages without a text, each with its texts or the reason to skip it."""
        blank = [tracked for tracked in following if not tracked.value.filled]
        if not blank:
            return []
        contacts = {tracked.value.contact for tracked in blank}
        known = await recipients_of(self._engine, self._source, contacts)
        walks = await walks_of(self._engine, self._campaign, (each.value for each in blank))
        recipients = [
            self._recipient(each.value, known, walks.get(each.value.enrollment)) for each in blank
        ]
        suppressed = await suppressed_among(
            self._engine,
            self._source.org,
            {recipient.address for recipient in recipients if recipient.address},
            scopes=self._source.scopes,
            now=self._engine.clock.now(),
        )
        return [
            (tracked, self._filled(recipient, suppressed=recipient.address in suppressed))
            for tracked, recipient in zip(blank, recipients, strict=True)
        ]

    def _recipient(
        self, message: Message, known: Mapping[str, Recipient], walk: Enrollment | None
    ) -> Recipient:
        """Return the recipient of a message; what the entry of their walk said comes first."""
        recipient = known.get(message.contact) or self._unknown(message, walk)
        if walk is None or not walk.data:
            return recipient
        return recipient._replace(values={**recipient.values, **walk.data})

    def _unknown(self, message: Message, walk: Enrollment | None) -> Recipient:
        """Return the recipient of a message whose contact is not stored: its address is known.

        The organisation's own server knows whoever walks by what it calls them.
        """
        phone, email = phone_and_email(message.address or (walk.address if walk else ""))
        channel = self._source.send.channel
        address = address_for(channel, phone=phone, email=email)
        if not address and walk is not None and facts_of(channel).reached_at == "either":
            address = walk.subject
        reason = "" if address else "no_address"
        known_as = (message.contact, address, message.region, message.zones)
        return Recipient(*known_as, skip_reason=reason)

    def _filled(self, recipient: Recipient, *, suppressed: bool) -> Changes:
        reason = "suppressed" if suppressed else recipient.skip_reason
        if not reason:
            try:
                texts = self._renderer.of(recipient)
            except CannotRenderError as error:
                reason = str(error)
            else:
                return {"filled": True, "address": recipient.address, **texts}
        return end(MessageStatus.SKIPPED, reason, now=self._engine.clock.now())
