"""The people of a campaign, page by page, in an order that a cursor can continue."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

from functions.domain.campaign import AudienceKind, Campaign
from functions.engine import paths
from functions.engine.core import Engine
from functions.engine.ports import Document, Query, Where
from functions.engine.suppressions import suppressed_among

Cursor: TypeAlias = Mapping[str, Any]


class Person(NamedTuple):
    """Somebody to be contacted."""

    contact: str
    address: str
    region: str
    zones: list[str]
    suppressed: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Some people, and the cursor that continues behind them; None behind the last."""

    people: list[Person]
    cursor: Cursor | None


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
    sources = _sources(campaign)
    number = cursor["source"] if cursor else 0
    after = (cursor["after"],) if cursor and cursor["after"] else None
    limit = engine.limits.audience_page
    documents = await engine.store.query(replace(sources[number], limit=limit, start_after=after))
    addresses = [document.data["address"] for document in documents]
    suppressed = await suppressed_among(engine, campaign.org, addresses)
    result = [
        Page(
            [_person(document, suppressed) for document in part],
            {"source": number, "after": part[-1].path},
        )
        for part in _parts(documents, engine.limits.launch_page)
    ]
    if len(documents) < limit:
        more = number + 1 < len(sources)
        behind = {"source": number + 1, "after": None} if more else None
        people = result.pop().people if result else []
        result.append(Page(people, behind))
    return result


def _sources(campaign: Campaign) -> list[Query]:
    """Return the queries which, one after the other, find the campaign's audience."""
    kind, id_ = campaign.audience["kind"], campaign.audience["id"]
    if kind == AudienceKind.LIST:
        return [Query(paths.members(campaign.org, id_))]
    collection = paths.messages(campaign.org, id_)
    statuses = campaign.audience["statuses"].split(",")
    return [Query(collection, (Where("status", "==", status),)) for status in statuses]


def _parts(documents: list[Document], size: int) -> list[list[Document]]:
    return [documents[start : start + size] for start in range(0, len(documents), size)]


def _person(document: Document, suppressed: set[str]) -> Person:
    data = document.data
    contact, address = data.get("contact") or document.id, data["address"]
    return Person(contact, address, data["region"], data["zones"], address in suppressed)
