"""The people of a campaign, page by page, in an order that a cursor can continue."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.content import read_at_once, texts_of, written_at_once
from functions.domain.contacts.contact import contact_from
from functions.domain.errors import NotFoundError
from functions.domain.kinds import facts_of
from functions.domain.messages.message import MessageStatus, message_from
from functions.domain.organisation import zones_for
from functions.domain.segments.parser import parse as parse_conditions
from functions.engine import paths
from functions.engine.campaigns.recipient import (
    Person,
    of_contact,
    of_member,
    of_member_and_contact,
    of_message,
)
from functions.engine.contacts import segments
from functions.engine.contacts.suppressions import suppressed_among
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document, Query, Where

Cursor: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Some people, and the cursor that continues behind them; None behind the last."""

    people: list[Person]
    cursor: Cursor | None


class _Batch(NamedTuple):
    """What was read at once, and the cursor that continues behind it."""

    documents: list[Document]
    cursor: Cursor


async def pages(
    engine: Engine, campaign: Campaign, cursor: Cursor | None
) -> AsyncGenerator[Page, None]:
    """Yield the audience behind `cursor` (None: all of it), a commit's worth at a time.

    While one page is being worked on the next is already being read.
    """
    read = _pages(engine, campaign, cursor or await _start(engine, campaign))
    ahead = asyncio.ensure_future(anext(read, None))
    try:
        while (page := await ahead) is not None:
            ahead = asyncio.ensure_future(anext(read, None))
            yield page
    finally:
        ahead.cancel()
        await asyncio.gather(ahead, return_exceptions=True)
        await read.aclose()


async def _pages(engine: Engine, campaign: Campaign, cursor: Cursor) -> AsyncGenerator[Page, None]:
    size = written_at_once(texts_of(campaign), engine.limits.launch_page)
    page: Page | None = None  # held back until it is known whether it is the last
    async with aclosing(_batches(engine, campaign, cursor)) as batches:
        async for documents, behind in batches:
            people = await _people(engine, campaign, documents)
            for start in range(0, len(people) or 1, size):
                if page is not None:
                    yield page
                end = start + size
                whole = end >= len(people)
                following = behind if whole else {**behind, "after": documents[end - 1].path}
                page = Page(people[start:end], following)
    yield replace(page, cursor=None) if page is not None else Page([], None)


async def _start(engine: Engine, campaign: Campaign) -> Cursor:
    """Return the cursor of the beginning.

    A segment's conditions are those at the launch: it travels with them, so that a change
    meanwhile neither repeats nor skips anybody. A segment that is gone holds for nobody.
    """
    start = {"source": 0, "after": None}
    if campaign.audience["kind"] != AudienceKind.SEGMENT:
        return start
    try:
        segment = await segments.load(engine, campaign.org, campaign.audience["id"])
    except NotFoundError:
        return {**start, "conditions": None}
    return {**start, "conditions": segment.conditions}


def _batches(engine: Engine, campaign: Campaign, cursor: Cursor) -> AsyncGenerator[_Batch, None]:
    """Yield the documents that tell of the audience, behind the one at the cursor."""
    if campaign.audience["kind"] == AudienceKind.SEGMENT:
        return _of_segment(engine, campaign, cursor)
    return _of_sources(engine, campaign, cursor)


async def _of_segment(
    engine: Engine, campaign: Campaign, cursor: Cursor
) -> AsyncGenerator[_Batch, None]:
    if cursor["conditions"] is None:
        return
    condition, after = parse_conditions(cursor["conditions"]), cursor["after"]
    while True:
        limit = engine.limits.launch_page
        page = await segments.page(engine, campaign.org, condition, after=after, limit=limit)
        yield _Batch(page.contacts, {**cursor, "after": page.after})
        if page.after is None:
            return
        after = page.after


async def _of_sources(
    engine: Engine, campaign: Campaign, cursor: Cursor
) -> AsyncGenerator[_Batch, None]:
    retry, limit = campaign.audience["kind"] == AudienceKind.RETRY, engine.limits.launch_page
    if retry:
        limit = read_at_once(texts_of(campaign), limit)  # messages are as large as what they say
    after = cursor["after"]
    for number in range(cursor["source"], len(_statuses(campaign))):
        query = replace(
            _source(campaign, number), limit=limit, start_after=(after,) if after else None
        )
        async with aclosing(engine.store.stream(query)) as parts:
            async for part in parts:
                documents = [each for each in part if _is_repeated(each)] if retry else part
                yield _Batch(documents, {"source": number, "after": part[-1].path})
        after = None


def _is_repeated(document: Document) -> bool:
    """Tell whether a retry repeats a message.

    Whom another channel was tried for stands in the message by that one; who was skipped or came
    too late by the first channel was never tried.
    """
    message = message_from(document.id, document.data)
    left_out = message.status in {MessageStatus.SKIPPED, MessageStatus.EXPIRED}
    return message.exhausted if left_out else not message.followed


def _source(campaign: Campaign, number: int) -> Query:
    org, id_ = campaign.org, campaign.audience["id"]
    match campaign.audience["kind"]:
        case AudienceKind.LIST:
            return Query(paths.members(org, id_))
        case AudienceKind.RECIPIENTS:
            return Query(paths.recipients(org, id_))
        case AudienceKind.EVERYONE:
            return Query(paths.contacts(org), (Where("active", "==", True),))
        case _:
            status = _statuses(campaign)[number]
            return Query(paths.messages(org, id_), (Where("status", "==", status),))


def _statuses(campaign: Campaign) -> list[str]:
    """Return the sources of an audience: one for each status that a retry repeats."""
    return campaign.audience.get("statuses", "").split(",")


async def _people(
    engine: Engine, campaign: Campaign, documents: Sequence[Document]
) -> list[Person]:
    people = [
        person._replace(zones=zones_for(person.zones, campaign.default_zone))
        if campaign.default_zone
        else person
        for person in await _persons(engine, campaign, documents)
    ]
    suppressed = await suppressed_among(
        engine,
        campaign.org,
        [person.address for person in people],
        scopes=campaign.suppression_scopes,
        now=engine.clock.now(),
    )
    if not suppressed:
        return people
    return [p._replace(bar="suppressed") if p.address in suppressed else p for p in people]


async def _persons(
    engine: Engine, campaign: Campaign, documents: Sequence[Document]
) -> Iterable[Person]:
    match campaign.audience["kind"]:
        case AudienceKind.SEGMENT | AudienceKind.EVERYONE:
            return (of_contact(campaign, d.path, contact_from(d.id, d.data)) for d in documents)
        case AudienceKind.RETRY:
            return await _repeated(engine, campaign, documents)
        case _ if _needs_contacts(campaign):
            contacts = await engine.store.get_many(
                [paths.contact(campaign.org, document.id) for document in documents]
            )
            return map(partial(of_member_and_contact, campaign), documents, contacts)
        case _:
            return map(partial(of_member, campaign.org), documents)


async def people_of(
    engine: Engine, campaign: Campaign, contacts: Collection[str]
) -> dict[str, Person]:
    """Return whom a campaign is for by their contacts' paths, as they are known now.

    Who is not known any more is left out.
    """
    asked = [path for path in contacts if path]
    found = await engine.store.get_many(asked)
    members: Sequence[Document | None] = [None] * len(asked)
    if campaign.audience["kind"] in _LISTED:
        rows = _source(campaign, 0).collection
        members = await engine.store.get_many([f"{rows}/{_id(path)}" for path in asked])
    people = {}
    for path, contact, member in zip(asked, found, members, strict=True):
        if member is not None:
            people[path] = of_member_and_contact(campaign, member, contact)
        elif contact is not None:
            known = contact_from(contact.id, contact.data)
            person = of_contact(campaign, path, known)
            people[path] = person if known.active else person._replace(bar="inactive")
    return people


_LISTED = frozenset({AudienceKind.LIST, AudienceKind.RECIPIENTS})


def _id(path: str) -> str:
    return path.rpartition("/")[2]


def _needs_contacts(campaign: Campaign) -> bool:
    """Tell whether a list's own rows do not say enough: neither all addresses nor all values."""
    return facts_of(campaign.channel).reached_at != "phone" or any(texts_of(campaign))


async def _repeated(
    engine: Engine, campaign: Campaign, documents: Sequence[Document]
) -> list[Person]:
    """Return the people of messages that are sent again, each by the campaign's own channel.

    Who was last tried by another one had an address and texts of that one.
    """
    elsewhere = {d.data["contact"] for d in documents if d.data.get("step") and d.data["contact"]}
    found = await engine.store.get_many(list(elsewhere)) if elsewhere else []
    known = {each.path: contact_from(each.id, each.data) for each in found if each}
    return [of_message(campaign, document, known) for document in documents]
