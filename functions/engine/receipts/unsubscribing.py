"""Unsubscribing: whose mail it is, what they get no more, and that they want no more of it."""

from collections.abc import Sequence
from email.utils import parseaddr
from typing import Final, NamedTuple

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.contacts.contact import ERASED, contact_from
from functions.domain.contacts.suppressions import ALL
from functions.domain.kinds import CampaignKind
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef
from functions.domain.messages.message import message_from
from functions.domain.organisation import organisation_from
from functions.engine import paths
from functions.engine.contacts.suppressions import barred_scopes
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document
from functions.engine.receipts.receive import receive

#: The attributes of a contact that tell their language, in lower case.
_LANGUAGE: Final = ("language", "preferred_language", "lang", "locale")
_DOTS: Final = "•••"


class Reader(NamedTuple):
    """Somebody who reads a mail of ours."""

    address: str
    name: str  #: of who writes to them, "" where nobody knows it
    languages: Sequence[str]  #: theirs, as their contact tells it
    offered: Sequence[str]  #: the scopes that they can unsubscribe from
    stopped: Sequence[str]  #: those of them that they are unsubscribed from

    @property
    def left(self) -> list[str]:
        """The scopes that have not stopped."""
        return [scope for scope in self.offered if scope not in self.stopped]

    @property
    def masked(self) -> str:
        """The address, so that they know it and others do not learn it."""
        local, at, domain = self.address.rpartition("@")
        if at:
            return f"{local[:1] if len(local) > 1 else ''}{_DOTS}@{domain}"
        return f"{_DOTS}{self.address[-2:]}"


async def reader_of(engine: Engine, ref: MessageRef) -> Reader | None:
    """Return who reads a message; None where it, or whose it was, is forgotten."""
    asked = [
        paths.message(ref),
        paths.campaign(ref.org, ref.campaign),
        paths.organisation(ref.org),
    ]
    stored, home, decided = await engine.store.get_many(asked)
    if stored is None or home is None:
        return None
    message = message_from(stored.id, stored.data)
    if message.address == ERASED:
        return None
    campaign = campaign_from(ref.org, ref.campaign, home.data)
    send = campaign.send(message.send)
    scopes = (ALL, _kind(campaign), send.channel)
    barred = await barred_scopes(engine, ref.org, message.address)
    return Reader(
        message.address,
        _name(decided, send.sender),
        await _languages(engine, message.contact),
        scopes,
        [scope for scope in scopes if scope in barred],
    )


def _kind(campaign: Campaign) -> CampaignKind:
    """Return the kind of campaign that somebody can leave by one of its mails.

    A single message is held back by nothing: its reader can leave mailings to many.
    """
    return campaign.kind if campaign.facts.keeps_rules else CampaignKind.BROADCAST


def _name(decided: Document | None, sender: str) -> str:
    """Return what an organisation calls itself, else how its sender is called."""
    own = organisation_from(decided.data).name if decided else ""
    shown, address = parseaddr(sender)
    return own or shown or address.rpartition("@")[2]


async def _languages(engine: Engine, contact: str) -> list[str]:
    document = await engine.store.get(contact) if contact else None
    if document is None:
        return []
    attributes = contact_from(document.id, document.data).attributes
    told = {name.lower(): value for name, value in attributes.items()}
    return [told[name] for name in _LANGUAGE if name in told]


async def unsubscribe(engine: Engine, ref: MessageRef, attempt: int, scope: str) -> None:
    """Bar a message's address under a scope, and note on the message that its reader wants it.

    Raises NotFoundError for a message that does not exist.
    """
    now = engine.clock.now()
    kind = EventKind.OPTED_OUT
    # Whoever was let back in may change their mind again, by the same mail.
    id_ = f"link-{kind}-{attempt}-{now:%Y%m%d%H%M}-{scope}"
    told = DeliveryEvent(id_, ref, attempt, kind, now, suppress="unsubscribed", scope=scope)
    await receive(engine, told)
