"""The recipients of a campaign, page by page, in an order that a cursor can continue."""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncGenerator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeAlias

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.content import read_at_once, texts_of, written_at_once
from functions.domain.campaigns.send import Send
from functions.domain.contacts.contact import contact_from
from functions.domain.errors import NotFoundError
from functions.domain.kinds import facts_of
from functions.domain.messages.message import MessageStatus, message_from
from functions.domain.organisation import zones_for
from functions.domain.segments.parser import parse as parse_conditions
from functions.engine import paths
from functions.engine.campaigns.recipient import (
    Recipient,
    of_contact,
    of_member,
    of_member_and_contact,
    of_message,
    of_row,
)
from functions.engine.contacts import list_rows, member_pages, segments
from functions.engine.contacts.suppressions import suppressed_among
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document, Query, Where

Cursor: TypeAlias = Mapping[str, Any]

#: Pages of a list that are read together: 50,000 people, who are launched in the order of ids.
_BLOCK: Final = 100


class Source(NamedTuple):
    """The audience that is read, and the send that is to reach it."""

    org: str
    audience: Audience
    send: Send
    scopes: frozenset[str]  #: of the suppressions that hold for the send
    default_zone: str = ""  #: of contacts whose zone nobody knows


def source_of(campaign: Campaign, send: Send) -> Source:
    """Return a campaign's audience as one of its sends reaches it."""
    scopes = campaign.suppression_scopes(send)
    return Source(campaign.org, campaign.audience, send, scopes, campaign.rules.default_zone)


@dataclass(frozen=True, slots=True)
class Page:
    """Some recipients, and the cursor that continues behind them; None behind the last."""

    recipients: list[Recipient]
    cursor: Cursor | None


class _Batch(NamedTuple):
    """Recipients who were read at once, where each was read, and the cursor behind them all."""

    recipients: Iterable[Recipient]
    places: Sequence[str]  #: what a cursor that continues behind one holds in `after`
    cursor: Cursor


async def pages(
    engine: Engine, source: Source, cursor: Cursor | None
) -> AsyncGenerator[Page, None]:
    """Yield the audience behind `cursor` (None: all of it), a commit's worth at a time.

    While one page is being worked on the next is already being read.
    """
    read = _pages(engine, source, cursor or await _start(engine, source))
    ahead = asyncio.ensure_future(anext(read, None))
    try:
        while (page := await ahead) is not None:
            ahead = asyncio.ensure_future(anext(read, None))
            yield page
    finally:
        ahead.cancel()
        await asyncio.gather(ahead, return_exceptions=True)
        await read.aclose()


async def _pages(engine: Engine, source: Source, cursor: Cursor) -> AsyncGenerator[Page, None]:
    size = written_at_once(texts_of(source.send), engine.limits.launch_page)
    page: Page | None = None  # held back until it is known whether it is the last
    async with aclosing(_batches(engine, source, cursor)) as batches:
        async for recipients, places, behind in batches:
            found = await _allowed(engine, source, recipients)
            for start in range(0, len(found) or 1, size):
                if page is not None:
                    yield page
                end = start + size
                whole = end >= len(found)
                following = behind if whole else {**behind, "after": places[end - 1]}
                page = Page(found[start:end], following)
    yield replace(page, cursor=None) if page is not None else Page([], None)


async def _start(engine: Engine, source: Source) -> Cursor:
    """Return the cursor of the beginning.

    It holds a segment's conditions at the launch, so that a change of the segment neither repeats
    nor skips anybody. A segment that is gone has nobody.
    """
    start = {"source": 0, "after": None}
    if source.audience.kind is not AudienceKind.SEGMENT:
        return start
    try:
        segment = await segments.load(engine, source.org, source.audience.id)
    except NotFoundError:
        return {**start, "conditions": None}
    return {**start, "conditions": segment.conditions}


def _batches(engine: Engine, source: Source, cursor: Cursor) -> AsyncGenerator[_Batch, None]:
    """Yield the documents of the audience that follow the cursor."""
    match source.audience.kind:
        case AudienceKind.SEGMENT:
            return _of_segment(engine, source, cursor)
        case AudienceKind.LIST:
            return _of_list(engine, source, cursor)
        case _:
            return _of_sources(engine, source, cursor)


async def _of_segment(
    engine: Engine, source: Source, cursor: Cursor
) -> AsyncGenerator[_Batch, None]:
    if cursor["conditions"] is None:
        return
    condition, after = parse_conditions(cursor["conditions"]), cursor["after"]
    while True:
        limit = engine.limits.launch_page
        page = await segments.page(engine, source.org, condition, after=after, limit=limit)
        places = [contact.path for contact in page.contacts]
        yield _Batch(_of_contacts(source, page.contacts), places, {**cursor, "after": page.after})
        if page.after is None:
            return
        after = page.after


async def _of_list(engine: Engine, source: Source, cursor: Cursor) -> AsyncGenerator[_Batch, None]:
    """Yield a list's rows, each as if it lay at its contact's path.

    They are read by blocks of pages with fixed numbers, and within a block in the order of ids:
    that of the messages' ids, and one in which whoever leaves the list meanwhile moves nobody.
    """
    start: int | None = cursor["source"]
    after, size = cursor["after"] or "", engine.limits.launch_page
    with_contacts = _needs_contacts(source.send)
    while start is not None:
        rows, following = await member_pages.block(
            engine,
            paths.list_(source.org, source.audience.id),
            range(start, start + _BLOCK),
            with_attributes=with_contacts,
        )
        first = bisect_right(rows, after.rpartition("/")[2], key=itemgetter(0))
        for at in range(first, len(rows), size):
            part = rows[at : at + size]
            places = [paths.contact(source.org, row[0]) for row in part]
            recipients: Iterable[Recipient] = map(of_row, places, part)
            if with_contacts:
                contacts = await engine.store.get_many(places)
                members = map(_as_document, places, part)
                recipients = map(partial(of_member_and_contact, source.send), members, contacts)
            yield _Batch(recipients, places, {"source": start, "after": places[-1]})
        start, after, rows = following, "", []


def _as_document(path: str, row: member_pages.Kept) -> Document:
    """Return a row as a campaign's own recipients are stored, at its contact's path."""
    _, address, region, zones, attributes = row
    said = {"address": address, "region": region, "zones": zones, "attributes": attributes}
    return Document(path, 0, {"contact": path, **said})


async def _of_sources(
    engine: Engine, source: Source, cursor: Cursor
) -> AsyncGenerator[_Batch, None]:
    retry, limit = source.audience.kind is AudienceKind.RETRY, engine.limits.launch_page
    if retry:
        # Messages are as large as what they say.
        limit = read_at_once(texts_of(source.send), limit)
    after = cursor["after"]
    for number in range(cursor["source"], len(source.audience.statuses) or 1):
        query = replace(
            _query(source, number), limit=limit, start_after=(after,) if after else None
        )
        async with aclosing(engine.store.stream(query)) as parts:
            async for part in parts:
                documents = [each for each in part if _is_repeated(each)] if retry else part
                places = [document.path for document in documents]
                behind = {"source": number, "after": part[-1].path}
                yield _Batch(await _known(engine, source, documents), places, behind)
        after = None


def _is_repeated(document: Document) -> bool:
    """Tell whether a retry repeats a message.

    A message that a fallback followed is left to the fallback's message; one that was skipped or
    expired without a fallback was never tried.
    """
    message = message_from(document.id, document.data)
    left_out = message.status in {MessageStatus.SKIPPED, MessageStatus.EXPIRED}
    return message.exhausted if left_out else not message.followed


def _query(source: Source, number: int) -> Query:
    org, id_ = source.org, source.audience.id
    match source.audience.kind:
        case AudienceKind.RECIPIENTS:
            return Query(paths.recipients(org, id_))
        case AudienceKind.EVERYONE:
            return Query(paths.contacts(org), (Where("active", "==", True),))
        case _:
            status = source.audience.statuses[number]
            return Query(paths.messages(org, id_), (Where("status", "==", status),))


async def _allowed(
    engine: Engine, source: Source, recipients: Iterable[Recipient]
) -> list[Recipient]:
    """Return recipients in the zones that hold for them, and say who is suppressed."""
    zone = source.default_zone
    if zone:
        recipients = (each._replace(zones=zones_for(each.zones, zone)) for each in recipients)
    found = list(recipients)
    suppressed = await suppressed_among(
        engine,
        source.org,
        [recipient.address for recipient in found],
        scopes=source.scopes,
        now=engine.clock.now(),
    )
    if not suppressed:
        return found
    return [
        each._replace(skip_reason="suppressed") if each.address in suppressed else each
        for each in found
    ]


async def _known(
    engine: Engine, source: Source, documents: Sequence[Document]
) -> Iterable[Recipient]:
    """Return the recipients that documents tell of."""
    match source.audience.kind:
        case AudienceKind.EVERYONE:
            return _of_contacts(source, documents)
        case AudienceKind.RETRY:
            return await _repeated(engine, source, documents)
        case _ if _needs_contacts(source.send):
            contacts = await engine.store.get_many([each.data["contact"] for each in documents])
            return map(partial(of_member_and_contact, source.send), documents, contacts)
        case _:
            return map(of_member, documents)


def _of_contacts(source: Source, contacts: Iterable[Document]) -> Iterator[Recipient]:
    return (of_contact(source.send, d.path, contact_from(d.id, d.data)) for d in contacts)


async def recipients_of(
    engine: Engine, source: Source, contacts: Collection[str]
) -> dict[str, Recipient]:
    """Return a campaign's recipients by their contacts' paths, as its send reaches them now.

    Contacts that are not known any more are left out.
    """
    asked = [path for path in contacts if path]
    stored, rows = await _with_rows(engine, source, asked)
    recipients = {}
    for path, contact in zip(asked, stored, strict=True):
        row = rows.get(path.rpartition("/")[2])
        if row is not None:
            recipients[path] = of_member_and_contact(source.send, row, contact)
        elif contact is not None:
            known = contact_from(contact.id, contact.data)
            reached = of_contact(source.send, path, known)
            recipients[path] = reached if known.active else reached._replace(skip_reason="inactive")
    return recipients


async def _with_rows(
    engine: Engine, source: Source, asked: Sequence[str]
) -> tuple[Sequence[Document | None], dict[str, Document]]:
    """Return contacts, and by their ids the rows that say something that the contacts do not."""
    org, id_ = source.org, source.audience.id
    match source.audience.kind:
        case AudienceKind.RECIPIENTS:
            rows = [f"{paths.recipients(org, id_)}/{path.rpartition('/')[2]}" for path in asked]
            found = await engine.store.get_many([*asked, *rows])
            return found[: len(asked)], {row.id: row for row in found[len(asked) :] if row}
        case AudienceKind.LIST:
            contacts = await engine.store.get_many(asked)
            own = await list_rows.own_rows(engine, org, id_, [each for each in contacts if each])
            known = ((paths.contact(org, id_), row) for id_, row in own.items())
            return contacts, {
                row["id"]: Document(path, 0, {"contact": path, **row}) for path, row in known
            }
        case _:
            return await engine.store.get_many(asked), {}


def _needs_contacts(send: Send) -> bool:
    """Tell whether a list's own rows do not say enough: neither all addresses nor all values."""
    return facts_of(send.channel).reached_at != "phone" or any(texts_of(send))


async def _repeated(
    engine: Engine, source: Source, documents: Sequence[Document]
) -> list[Recipient]:
    """Return the recipients of messages that are sent again, as the campaign's own send does.

    A message of a fallback has the address and the texts of that fallback's channel.
    """
    elsewhere = {d.data["contact"] for d in documents if d.data.get("send") and d.data["contact"]}
    found = await engine.store.get_many(list(elsewhere)) if elsewhere else []
    known = {each.path: contact_from(each.id, each.data) for each in found if each}
    return [of_message(source.send, document, known) for document in documents]
