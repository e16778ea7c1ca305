"""The people of a campaign, page by page, in an order that a cursor can continue."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from functions.domain.campaign import AudienceKind, Campaign
from functions.domain.contact import ERASED, Contact, contact_from
from functions.domain.errors import NotFoundError
from functions.domain.organisation import zones_for
from functions.domain.segment_parser import parse as parse_conditions
from functions.engine import paths, segments
from functions.engine.core import Engine
from functions.engine.ports import Document, Query, Where
from functions.engine.suppressions import suppressed_among

Cursor: TypeAlias = Mapping[str, Any]


class Person(NamedTuple):
    """Somebody to be contacted."""

    contact: str  #: their contact's path
    address: str
    region: str
    zones: Sequence[str]
    values: Mapping[str, str] = {}  #: what a template may say of them
    body: str = ""  #: what they were to be told by the campaign that this one repeats
    bar: str = ""  #: why they must not be contacted


@dataclass(frozen=True, slots=True)
class Page:
    """Some people, and the cursor that continues behind them; None behind the last."""

    people: list[Person]
    cursor: Cursor | None


class _Batch(NamedTuple):
    """What was read at once, and the path to continue behind; None where the source ends."""

    documents: list[Document]
    after: str | None


async def pages(
    engine: Engine, campaign: Campaign, cursor: Cursor | None
) -> AsyncGenerator[Page, None]:
    """Yield the audience behind `cursor` (None: all of it), a commit's worth at a time.

    While one batch is being worked on the next is already being read.
    """
    batch = await _read(engine, campaign, cursor)
    while True:
        following = batch[-1].cursor
        ahead = following and asyncio.create_task(_read(engine, campaign, following))
        try:
            for page in batch:
                yield page
            if not ahead:
                return
            batch = await ahead
        finally:
            if ahead:
                ahead.cancel()


async def _read(engine: Engine, campaign: Campaign, cursor: Cursor | None) -> list[Page]:
    cursor = cursor or await _start(engine, campaign)
    found = await _scan(engine, campaign, cursor)
    people = await _people(engine, campaign, found.documents)
    size = engine.limits.launch_page
    result = [
        Page(people[start : start + size], {**cursor, "after": part[-1].path})
        for start in range(0, len(people), size)
        if (part := found.documents[start : start + size])
    ]
    last = result.pop().people if result else []
    return [*result, Page(last, _behind(campaign, cursor, found.after))]


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


def _behind(campaign: Campaign, cursor: Cursor, after: str | None) -> Cursor | None:
    if after is not None:
        return {**cursor, "after": after}
    number = cursor["source"] + 1
    more = number < len(_statuses(campaign))
    return {"source": number, "after": None} if more else None


async def _scan(engine: Engine, campaign: Campaign, cursor: Cursor) -> _Batch:
    """Read on behind the document at the cursor."""
    limit, after = engine.limits.audience_page, cursor["after"]
    if campaign.audience["kind"] == AudienceKind.SEGMENT:
        if cursor["conditions"] is None:
            return _Batch([], None)
        condition = parse_conditions(cursor["conditions"])
        page = await segments.page(engine, campaign.org, condition, after=after, limit=limit)
        return _Batch(page.contacts, page.after)
    behind = (after,) if after else None
    query = replace(_source(campaign, cursor["source"]), limit=limit, start_after=behind)
    documents = await engine.store.query(query)
    return _Batch(documents, documents[-1].path if len(documents) == limit else None)


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
            return map(_of_message, documents)
        case _ if campaign.template:
            contacts = await engine.store.get_many(
                [paths.contact(campaign.org, document.id) for document in documents]
            )
            return map(partial(_of_member_and_contact, campaign.org), documents, contacts)
        case _:
            return map(partial(_of_member, campaign.org), documents)


def of_contact(campaign: Campaign, path: str, contact: Contact) -> Person:
    """Return the person whom a campaign reaches in a contact."""
    bar = "" if contact.phone else "no_address"
    values = contact.values if campaign.template else {}
    return Person(path, contact.phone, contact.region, contact.zones, values, bar=bar)


def _of_message(document: Document) -> Person:
    data = document.data
    zones, body = data["zones"], data.get("body", "")
    bar = "contact_erased" if data["address"] == ERASED else ""
    contact = data.get("contact", "")
    return Person(contact, data["address"], data["region"], zones, body=body, bar=bar)


def _of_member(org: str, document: Document) -> Person:
    data = document.data
    path, bar = paths.contact(org, document.id), "" if data["address"] else "no_address"
    return Person(path, data["address"], data["region"], data["zones"], bar=bar)


def _of_member_and_contact(org: str, member: Document, contact: Document | None) -> Person:
    """Return a list's member; what the contact says now comes before what the list's row said."""
    person = _of_member(org, member)
    values = {**member.data["attributes"], "phone": person.address}
    if contact is None:
        return person._replace(values=values)
    known = contact_from(contact.id, contact.data)
    values |= {name: value for name, value in known.values.items() if value}
    return person._replace(values=values, bar=person.bar if known.active else "inactive")
