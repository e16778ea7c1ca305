"""Fallbacks: what a message by a further channel says, and to which address.

It was made when the message before it failed, of which it knows the step alone. It is filled in
when its turn comes, with what is known of the person then.
"""

from collections.abc import Sequence
from functools import cached_property

from functions.domain.campaigns.campaign import Campaign
from functions.domain.contacts.addresses import address_for, phone_and_email
from functions.domain.messages.attempts import end
from functions.domain.messages.message import Changes, Message, MessageStatus
from functions.engine.campaigns.audience import people_of
from functions.engine.campaigns.recipient import Person
from functions.engine.campaigns.rendering import UnsayableError, Wording
from functions.engine.contacts.suppressions import suppressed_among
from functions.engine.kernel.engine import Engine
from functions.engine.messages.changes import Tracked


class Fallbacks:
    """The messages of one step of a campaign that have not been filled in."""

    def __init__(self, engine: Engine, campaign: Campaign) -> None:
        self._engine = engine
        self._campaign = campaign

    @cached_property
    def _wording(self) -> Wording:
        """What the step says: most senders have nobody to fill in, and need not read it."""
        return Wording(self._campaign)

    async def fill(self, following: Sequence[Tracked]) -> list[tuple[Tracked, Changes]]:
        """Return what those of these are to say who do not know it yet, or why they do not."""
        blank = [tracked for tracked in following if not tracked.message.filled]
        if not blank:
            return []
        contacts = {tracked.message.contact for tracked in blank}
        known = await people_of(self._engine, self._campaign, contacts)
        people = [self._person(tracked.message, known) for tracked in blank]
        suppressed = await suppressed_among(
            self._engine,
            self._campaign.org,
            {person.address for person in people if person.address},
            scopes=self._campaign.suppression_scopes,
            now=self._engine.clock.now(),
        )
        return [
            (tracked, self._filled(person, barred=person.address in suppressed))
            for tracked, person in zip(blank, people, strict=True)
        ]

    def _person(self, message: Message, known: dict[str, Person]) -> Person:
        """Return whom a message is for; of whom nothing is stored, the address it is known by."""
        if message.contact in known:
            return known[message.contact]
        phone, email = phone_and_email(message.address)
        address = address_for(self._campaign.channel, phone=phone, email=email)
        bar = "" if address else "no_address"
        return Person(message.contact, address, message.region, message.zones, bar=bar)

    def _filled(self, person: Person, *, barred: bool) -> Changes:
        reason = "suppressed" if barred else person.bar
        if not reason:
            try:
                return {"filled": True, "address": person.address, **self._wording.of(person)}
            except UnsayableError as error:
                reason = str(error)
        return end(MessageStatus.SKIPPED, reason, now=self._engine.clock.now())
