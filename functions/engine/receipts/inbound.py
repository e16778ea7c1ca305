"""Inbound: what people text to our numbers: words that opt out and in, and replies.

A text is stored last, once all that follows from it is done: a provider whose delivery failed
repeats it, and nothing is lost. Every step can be repeated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from functions.domain.campaigns.campaign import campaign_from
from functions.domain.contacts.contact import contact_id
from functions.domain.contacts.opt_out_keywords import Keyword, word_of
from functions.domain.contacts.sender_lists import covers
from functions.domain.contacts.suppressions import OPTED_OUT
from functions.domain.digest import digest
from functions.domain.kinds import ChannelKind, facts_of
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Inbound, MessageRef
from functions.domain.messages.ids import campaign_of, whole_id
from functions.domain.messages.message import Message, message_from
from functions.domain.notifications.events import reply_notice
from functions.domain.organisation import Organisation, organisation_from
from functions.engine import paths
from functions.engine.contacts.suppressions import opt_in, suppress
from functions.engine.kernel.commits.modify import at_version
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.paging import Page, between, page_where
from functions.engine.kernel.people import salt_of
from functions.engine.notifications.outbox import commit_with_notices
from functions.engine.ports.store import ConflictError, Create, Document, Query, Where
from functions.engine.receipts import correspondent
from functions.engine.receipts.correspondent import Correspondent
from functions.engine.receipts.receive import receive

log = structlog.get_logger()

#: Who writes later than this after a message does not answer it.
REPLY_WITHIN: Final = timedelta(days=30)
#: By how much a provider's whole seconds may be early.
_ROUNDED: Final = timedelta(seconds=1)
#: Of a person's newest messages, those looked through for the one that they answer.
_LOOKED_THROUGH: Final = 20
#: What is noted on the message that was answered.
_NOTED: Final = {Keyword.OUT: EventKind.OPTED_OUT, None: EventKind.REPLIED}


async def receive_inbound(engine: Engine, org: str, provider: str, text: Inbound) -> None:
    """Do what a text asks for, and store it, once, however often it is delivered."""
    salt = await salt_of(engine, org)
    # A provider's own id need not be fit for a path, and may tell the address.
    id_ = digest(provider, text.id, key=salt)
    asked = [paths.inbound_text(org, id_), paths.organisation(org)]
    seen, decided = await engine.store.get_many(asked)
    if seen is not None:
        return
    sender = await correspondent.find(engine, org, text)
    if not sender.address:
        log.warning("text_of_nobody", org=org, provider=provider)
        return
    if sender.quoted is None and not _is_to(engine, org, text):
        log.warning("text_to_others", org=org, provider=provider, number=text.account)
        return
    wish = _wish(text, organisation_from(decided.data if decided else {}))
    # The wish comes first, of everything: whoever opts out is left out at once, by all senders.
    await _grant(engine, org, provider, sender, wish, text.at)
    await correspondent.remember(engine, org, sender)
    person = paths.contact(org, contact_id(salt, sender.address))
    answered = await _note(engine, person, id_, text, sender, wish)
    await _store(engine, org, id_, _fields(person, provider, text, sender, wish, answered))


def _is_to(engine: Engine, org: str, text: Inbound) -> bool:
    """Tell whether a text came to a number of the organisation that its URL names.

    Only where nobody signs that URL, and the deployment says whose numbers are whose.
    """
    granted = engine.senders.of(org)
    if granted is None or not text.account:
        return True
    return any(covers(granted, ChannelKind.WHATSAPP, each) for each in (text.account, text.to))


def _wish(text: Inbound, decided: Organisation) -> Keyword | None:
    """Return what a text asks for: by its words, or by what we put behind its button."""
    words = decided.opt_out_words, decided.opt_in_words
    wishes = {word_of(said, *words) for said in (text.body, text.chosen)}
    return next((wish for wish in (Keyword.OUT, Keyword.IN) if wish in wishes), None)


async def _grant(
    engine: Engine,
    org: str,
    provider: str,
    sender: Correspondent,
    wish: Keyword | None,
    at: datetime,
) -> None:
    for address in sender.addresses:
        if wish is Keyword.OUT:
            await suppress(engine, org, address, reason=OPTED_OUT, by=provider, said_at=at)
        elif wish is Keyword.IN:
            await opt_in(engine, org, address, at=at, by=provider)


async def _note(
    engine: Engine,
    person: str,
    id_: str,
    text: Inbound,
    sender: Correspondent,
    wish: Keyword | None,
) -> MessageRef | None:
    """Note on the message that is answered what was made of it; return that message."""
    sent = [sender.quoted] if sender.quoted else await _of_late(engine, person, text.at)
    found = await _last_text(engine, sent, text.at)
    if found is None:
        return None
    ref, message = found
    if kind := _NOTED.get(wish):
        await receive(engine, DeliveryEvent(f"inbound-{id_}", ref, message.attempt, kind, text.at))
    return ref


async def _of_late(engine: Engine, person: str, at: datetime) -> list[tuple[MessageRef, Message]]:
    """Return what the person was sent of late before they wrote."""
    return [
        (correspondent.ref_of(document), message)
        for document in await engine.store.query(_newest(person))
        if _may_be_answered(message := message_from(document.id, document.data), at)
    ]


async def _last_text(
    engine: Engine, sent: Sequence[tuple[MessageRef, Message]], at: datetime
) -> tuple[MessageRef, Message] | None:
    """Return the last of these messages that is a text of a campaign that there is."""
    homes = await engine.store.get_many([paths.campaign(r.org, r.campaign) for r, _ in sent])
    texts = [each for each, home in zip(sent, homes, strict=True) if _is_text(each[1], home)]
    return max(texts, key=lambda each: each[1].sent_at or at, default=None)


def _newest(person: str) -> Query:
    where = (Where("contact", "==", person),)
    return Query("messages", where, ("-created_at",), limit=_LOOKED_THROUGH, group=True)


def _may_be_answered(message: Message, at: datetime) -> bool:
    return message.sent_at is not None and -_ROUNDED <= at - message.sent_at <= REPLY_WITHIN


def _is_text(message: Message, home: Document | None) -> bool:
    if home is None:
        return False
    campaign = campaign_from(home.org, home.id, home.data)
    return facts_of(campaign.send(message.send).channel).takes_replies


def _fields(
    person: str,
    provider: str,
    text: Inbound,
    sender: Correspondent,
    wish: Keyword | None,
    answered: MessageRef | None,
) -> dict[str, Any]:
    return {
        "address": sender.address,
        "named": text.named or text.address,
        "contact": person,
        "to": text.to,
        "body": text.body,
        "at": text.at,
        "provider": provider,
        "taken_for": _TAKEN_FOR[wish],
        "message": answered and whole_id(answered.campaign, answered.message),
    }


#: What a text was taken for, as it is stored and shown.
_TAKEN_FOR: Final = {Keyword.OUT: "opt_out", Keyword.IN: "opt_in", None: "reply"}


async def _store(engine: Engine, org: str, id_: str, fields: dict[str, Any]) -> None:
    """Store a text with what subscribers are told of it, unless another delivery was faster."""
    person = fields["contact"].rpartition("/")[2]
    is_reply = fields["taken_for"] == _TAKEN_FOR[None]
    notices = (
        [reply_notice(id_, person, fields["message"], at=engine.clock.now())] if is_reply else []
    )
    try:
        create = Create(paths.inbound_text(org, id_), fields)
        await commit_with_notices(engine, org, [create], notices)
    except ConflictError:
        return
    log.info("text_received", org=org, inbound_id=id_, taken_for=fields["taken_for"])


async def load(engine: Engine, org: str, id_: str) -> Document:
    """Return a text that somebody sent us. Raises NotFoundError."""
    return at_version(await engine.store.get(paths.inbound_text(org, id_)), "Text", id_)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundFilter:
    """Which texts are shown: those that all of these hold for."""

    contact_id: str = ""
    campaign_id: str = ""  #: of the message that was answered
    taken_for: str | None = None
    since: datetime | None = None
    before: datetime | None = None

    def passes(self, data: Mapping[str, Any]) -> bool:
        """Tell whether a text is shown, as far as no query can."""
        answered = campaign_of(data["message"] or "")
        return self.campaign_id in {"", answered} and self.taken_for in {None, data["taken_for"]}

    @property
    def looks_through(self) -> bool:
        """Whether texts have to be read to know whether they are shown."""
        return bool(self.campaign_id or self.taken_for)


async def page_of(
    engine: Engine,
    org: str,
    shown: InboundFilter,
    *,
    after: tuple[datetime, str] | None,
    limit: int,
) -> Page:
    """Return the texts that people sent us, newest first, behind a text's time and id."""
    start = (after[0], paths.inbound_text(org, after[1])) if after else None
    where = between("at", shown.since, shown.before)
    if shown.contact_id:
        where = (Where("contact", "==", paths.contact(org, shown.contact_id)), *where)
    query = Query(paths.inbound(org), where, ("-at",), limit=limit, start_after=start)
    return await page_where(engine, query, shown.passes if shown.looks_through else None)
