"""Messages across campaigns: of one contact, or of all campaigns from the newest on.

No index holds all messages of an organisation in the order of time: every launch would write at
one end of it. So campaigns are walked through, and what is read for a page has its bounds: a page
may be short, or empty, and its end leads on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.messages.delivery_events import MessageRef
from functions.domain.messages.message import Message, message_from
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.paging import between, page_where
from functions.engine.ports.store import Document, Query, Where

#: Campaigns that are looked into for one page.
_CAMPAIGNS: Final = 20


class Position(NamedTuple):
    """Where a page ends: at a message, or before the first one of a campaign ("")."""

    at: datetime  #: when the message was planned, or its campaign made
    campaign: str
    message: str


class Found(NamedTuple):
    """Some messages with their campaigns, and where to go on; None where no more follow."""

    messages: list[tuple[Campaign, Message]]
    end: Position | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which messages are shown: those that all of these hold for."""

    contact_id: str = ""
    status: str | None = None
    since: datetime | None = None  #: when they were planned
    before: datetime | None = None

    @property
    def is_timed(self) -> bool:
        """Whether messages have to be read to know whether they are shown."""
        return self.since is not None or self.before is not None

    def passes(self, data: Mapping[str, Any]) -> bool:
        """Tell whether a stored message is shown."""
        at = data["created_at"]
        if self.status not in {None, data["status"]}:
            return False
        return (self.since is None or at >= self.since) and (
            self.before is None or at < self.before
        )


async def search(
    engine: Engine, org: str, shown: Search, *, after: Position | None, limit: int
) -> Found:
    """Return a page of messages: a contact's, or those of the newest campaigns first."""
    if shown.contact_id:
        return await _of_contact(engine, org, shown, after, limit)
    return await _of_campaigns(engine, org, shown, after, limit)


async def _of_contact(
    engine: Engine, org: str, shown: Search, after: Position | None, limit: int
) -> Found:
    path = paths.contact(org, shown.contact_id)
    where = (Where("contact", "==", path), *between("created_at", shown.since, shown.before))
    start = None
    if after is not None:
        start = (after.at, paths.message(MessageRef(org, after.campaign, after.message)))
    query = Query("messages", where, ("-created_at",), limit=limit, start_after=start, group=True)
    page = await page_where(engine, query, shown.passes if shown.status else None)
    ids = dict.fromkeys(paths.ids(each.path)[1] for each in page.documents)
    found = await engine.store.get_many([paths.campaign(org, id_) for id_ in ids])
    campaigns = {each.id: campaign_from(org, each.id, each.data) for each in found if each}
    rows = [(campaigns[paths.ids(each.path)[1]], _message(each)) for each in page.documents]
    return Found(rows, page.last and _position(page.last, page.last.data["created_at"]))


async def _of_campaigns(
    engine: Engine, org: str, shown: Search, after: Position | None, limit: int
) -> Found:
    rows: list[tuple[Campaign, Message]] = []
    for document in await _campaigns(engine, org, shown, after):
        campaign = campaign_from(org, document.id, document.data)
        if shown.since and campaign.ended_at and campaign.ended_at < shown.since:
            after = Position(campaign.created_at, campaign.id, "")
            continue
        behind = after.message if after and after.campaign == campaign.id else ""
        collection = paths.messages(org, campaign.id)
        where = (Where("status", "==", shown.status),) if shown.status else ()
        start = (f"{collection}/{behind}",) if behind else None
        query = Query(collection, where, limit=limit - len(rows), start_after=start)
        page = await page_where(engine, query, shown.passes if shown.is_timed else None)
        rows += [(campaign, _message(each)) for each in page.documents]
        if page.last is not None:
            return Found(rows, _position(page.last, campaign.created_at))
        after = Position(campaign.created_at, campaign.id, "")
        if len(rows) == limit:
            return Found(rows, after)
    is_whole = after is None or not await _campaigns(engine, org, shown, after)
    return Found(rows, None if is_whole else after)


async def _campaigns(
    engine: Engine, org: str, shown: Search, after: Position | None
) -> list[Document]:
    """Return the next campaigns; the one that a page ended within is the first of them."""
    start = None if after is None else (after.at, paths.campaign(org, after.campaign))
    # What was planned before a time belongs to a campaign that was made before it.
    where = between("created_at", None, shown.before)
    every = Query(paths.campaigns(org), where, ("-created_at",), limit=_CAMPAIGNS)
    found = await engine.store.query(replace(every, start_after=start))
    if after is None or not after.message:
        return found
    within = await engine.store.get(paths.campaign(org, after.campaign))
    return [within, *found] if within is not None else found


def _message(document: Document) -> Message:
    return message_from(document.id, document.data)


def _position(document: Document, at: datetime) -> Position:
    return Position(at, paths.ids(document.path)[1], document.id)
