"""Segments: named conditions, and the contacts that they hold for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import uuid4

import structlog

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.contacts.addresses import address_for
from functions.domain.contacts.contact import Contact, contact_from
from functions.domain.errors import NotFoundError
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import MessageRef
from functions.domain.messages.ids import message_id
from functions.domain.segments import conditions as segments
from functions.domain.segments.conditions import NO_MESSAGE, Condition, Statuses
from functions.domain.segments.parser import parse
from functions.engine import paths
from functions.engine.contacts.in_use import refuse_while_used
from functions.engine.kernel.commits.modify import at_version, modify
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.paging import named, page_by_id
from functions.engine.kernel.people import salt_of
from functions.engine.ports.store import Create, Delete, Document, Query, Update, Where, Write

log = structlog.get_logger()

#: Contacts that one page reads at most, unless it is asked for more of them than that.
_READ: Final = 5000
#: Contacts that one query of a page reads at most, unless that is asked for more.
_BATCH: Final = 1000
#: For how long a count reads on; what it has by then is a lower bound.
_COUNT_FOR: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A named condition, as stored under orgs/{org}/segments/{id}."""

    id: str
    version: int  #: at which it was read
    name: str
    conditions: Mapping[str, Any]  #: as they were written; see functions.domain.segment_parser
    created_at: datetime
    created_by: str
    updated_at: datetime


class SegmentPage(NamedTuple):
    """Contacts, and the path of the one to go on behind; None where there are no more."""

    contacts: list[Document]
    after: str | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many contacts a condition holds for; not exact: at least so many."""

    count: int
    exact: bool


async def create(
    engine: Engine, org: str, name: str, conditions: Mapping[str, Any], *, by: str
) -> Segment:
    """Store a segment. Raises InvalidFieldError, and NotFoundError for a campaign it names."""
    await read(engine, org, conditions)
    id_, now = uuid4().hex, engine.clock.now()
    fields: dict[str, Any] = {
        "name": name,
        "conditions": conditions,
        "created_at": now,
        "created_by": by,
        "updated_at": now,
    }
    versions = await engine.store.commit(Create(_path(org, id_), fields))
    log.info("segment_created", org=org, segment_id=id_, by=by)
    return Segment(id=id_, version=versions[0], **fields)


async def load(engine: Engine, org: str, id_: str) -> Segment:
    """Return a segment. Raises NotFoundError."""
    document = at_version(await engine.store.get(_path(org, id_)), "Segment", id_)
    return _segment(document)


async def page_of(
    engine: Engine, org: str, *, after: str | None, limit: int, name_prefix: str = ""
) -> tuple[list[Segment], str | None]:
    """Return segments behind the id `after`, by id, and the id to go on behind."""
    found, following = await page_by_id(
        engine, paths.segments(org), after=after, limit=limit, passes=named(name_prefix)
    )
    return [_segment(document) for document in found], following


async def update(
    engine: Engine,
    org: str,
    id_: str,
    *,
    name: str | None = None,
    conditions: Mapping[str, Any] | None = None,
    if_version: int | None = None,
) -> Segment:
    """Change a segment's name, its conditions, or both.

    Raises NotFoundError (also for a campaign it names), StaleError and InvalidFieldError.
    """
    if conditions is not None:
        await read(engine, org, conditions)
    given = {"name": name, "conditions": conditions}
    changes: dict[str, Any] = {field: value for field, value in given.items() if value is not None}
    changes["updated_at"] = engine.clock.now()

    def decide(documents: list[Document | None]) -> tuple[None, Sequence[Write]]:
        stored = at_version(documents[0], "Segment", id_, if_version)
        return None, [Update(stored.path, changes, stored.version)]

    await modify(engine.store, [_path(org, id_)], decide)
    log.info("segment_changed", org=org, segment_id=id_)
    return await load(engine, org, id_)


async def delete(engine: Engine, org: str, id_: str, *, if_version: int | None = None) -> None:
    """Delete a segment.

    Raises NotFoundError, StaleError, and InUseError while a campaign to it has not ended.
    """
    at_version(await engine.store.get(_path(org, id_)), "Segment", id_, if_version)
    await refuse_while_used(engine, org, AudienceKind.SEGMENT, id_)

    def decide(documents: list[Document | None]) -> tuple[None, Sequence[Write]]:
        stored = at_version(documents[0], "Segment", id_, if_version)
        return None, [Delete(stored.path, stored.version)]

    await modify(engine.store, [_path(org, id_)], decide)
    log.info("segment_deleted", org=org, segment_id=id_)


async def condition(engine: Engine, org: str, id_: str) -> Condition:
    """Return the condition of a segment. Raises NotFoundError."""
    return parse((await load(engine, org, id_)).conditions)


async def read(engine: Engine, org: str, conditions: Mapping[str, Any]) -> Condition:
    """Read conditions that somebody sends us: each campaign that they name must be theirs.

    Raises InvalidFieldError and NotFoundError.
    """
    found = parse(conditions)
    named = sorted(segments.campaigns(found))
    documents = await engine.store.get_many([paths.campaign(org, id_) for id_ in named])
    for id_, document in zip(named, documents, strict=True):
        if document is None:
            raise NotFoundError("Campaign", id_)
    return found


def _path(org: str, id_: str) -> str:
    return f"{paths.segments(org)}/{id_}"


def _segment(document: Document) -> Segment:
    return Segment(id=document.id, version=document.version, **document.data)


async def page(
    engine: Engine, org: str, condition: Condition, *, after: str | None, limit: int
) -> SegmentPage:
    """Return the next active contacts that a condition holds for, in the order of their ids.

    It goes on behind the contact at the path `after`, until it has found `limit` or read a
    bounded number: a page may be empty and yet not the last. Every contact is on one page.
    """
    query = _query(org, condition)
    found: list[Document] = []
    size, read = limit, 0
    while True:
        start = (after,) if after else None
        documents = await engine.store.query(replace(query, limit=size, start_after=start))
        found += await matching(engine, org, condition, documents)
        if len(found) > limit:
            return SegmentPage(found[:limit], found[limit - 1].path)
        if len(documents) < size:
            return SegmentPage(found, None)
        after, read = documents[-1].path, read + size
        if len(found) == limit or read >= _READ:
            return SegmentPage(found, after)
        size = min(2 * size, _BATCH)  # Few match: read more at a time, for fewer queries.


def _query(org: str, condition: Condition) -> Query:
    led = segments.leading_equality(condition)
    # Those who are inactive are few. Asked for both, a store might begin with the wrong index.
    where = Where("active", "==", True) if led is None else Where(led[0], "==", led[1])
    return Query(paths.contacts(org), (where,))


async def matching(
    engine: Engine, org: str, condition: Condition, documents: Sequence[Document]
) -> list[Document]:
    """Return those of these contacts who are active and whom a condition holds for."""
    people = {d.path: contact_from(d.id, d.data) for d in documents if d.data["active"]}
    verdicts = {path: segments.decide(condition, who, None) for path, who in people.items()}
    unsure = {path: people[path] for path, verdict in verdicts.items() if verdict is None}
    statuses = await statuses_of(engine, org, segments.campaigns(condition), unsure)
    for path, contact in unsure.items():
        verdicts[path] = segments.matches(condition, contact, statuses[path])
    return [document for document in documents if verdicts.get(document.path)]


async def statuses_of(
    engine: Engine, org: str, campaigns: frozenset[str], people: Mapping[str, Contact]
) -> dict[str, Statuses]:
    """Return by path, for each of these contacts, how each campaign's message to them stands.

    A message that was planned is named after its address, one that was left out after its contact.
    """
    channels = await _channels(engine, org, campaigns) if people else {}
    planned = {
        (path, campaign): _subject(path, contact, channels[campaign])
        for path, contact in people.items()
        for campaign in campaigns
    }
    found = await _found(engine, org, planned)
    left_out = {key: key[0] for key in planned if key not in found and planned[key] != key[0]}
    found |= await _found(engine, org, left_out)
    return {
        path: {campaign: found.get((path, campaign), NO_MESSAGE) for campaign in campaigns}
        for path in people
    }


async def _found(
    engine: Engine, org: str, subjects: Mapping[tuple[str, str], str]
) -> dict[tuple[str, str], str]:
    """Return the statuses of the messages that exist, by contact's path and campaign."""
    if not subjects:
        return {}
    salt = await salt_of(engine, org)
    asked = [_message(org, salt, campaign, subject) for (_, campaign), subject in subjects.items()]
    messages = await engine.store.get_many(asked)
    pairs = zip(subjects, messages, strict=True)
    return {key: str(message.data["status"]) for key, message in pairs if message}


async def _channels(engine: Engine, org: str, campaigns: frozenset[str]) -> dict[str, ChannelKind]:
    """Return by what channel each of these campaigns goes; one that is gone has no messages."""
    ids = sorted(campaigns)
    found = await engine.store.get_many([paths.campaign(org, id_) for id_ in ids])
    stored = [document.data if document else {} for document in found]
    channels = [ChannelKind(data.get("channel", ChannelKind.VOICE)) for data in stored]
    return dict(zip(ids, channels, strict=True))


def _subject(path: str, contact: Contact, channel: ChannelKind) -> str:
    """Return what a campaign's message to a contact is named after: see launch.py."""
    return address_for(channel, phone=contact.phone, email=contact.email) or path


def _message(org: str, salt: bytes, campaign: str, subject: str) -> str:
    """Return the path of a campaign's message to an address; its id follows from them."""
    return paths.message(MessageRef(org, campaign, message_id(salt, campaign, subject)))


async def known_size(engine: Engine, org: str, condition: Condition) -> int | None:
    """Count the active contacts that a condition holds for without reading them.

    None where only reading them tells.
    """
    equal = segments.equalities(condition)
    if equal is None:
        return None
    where = [Where(field, "==", value) for field, value in (("active", True), *equal)]
    return await engine.store.count(Query(paths.contacts(org), tuple(where)))


async def count(engine: Engine, org: str, condition: Condition) -> Count:
    """Count the active contacts that a condition holds for, as far as can be read in a while."""
    known = await known_size(engine, org, condition)
    if known is not None:
        return Count(known, exact=True)
    deadline = engine.clock.now() + _COUNT_FOR
    total, after = 0, None
    while True:
        part = await page(engine, org, condition, after=after, limit=_BATCH)
        total, after = total + len(part.contacts), part.after
        if after is None or engine.clock.now() >= deadline:
            return Count(total, exact=after is None)
