"""Messages across campaigns: of one contact, or of all campaigns from the newest on.

No index holds all messages of an organisation in the order of time: every launch would write at
one end of it. So campaigns are walked through, and what is read for a page has its bounds: a page
may be short, or empty, and its end leads on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.send import Send
from functions.domain.messages.delivery_events import MessageRef
from functions.domain.messages.message import Message, MessageStatus, message_from
from functions.domain.messages.outcomes import ENDS, Outcome, outcomes_of
from functions.engine import paths
from functions.engine.kernel.claims import as_they_stand
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.paging import between, page_where
from functions.engine.messages.tallies import today
from functions.engine.ports.store import Document, Query, Where

#: The status of messages that have an outcome, where that is one.
_STATUS_OF: Final[Mapping[str, str]] = {
    **{str(outcome): status for status, outcome in ENDS.items()},
    Outcome.READ: MessageStatus.READ,
    Outcome.BOUNCED: MessageStatus.FAILED,
}
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
    channel: str = ""
    provider: str = ""
    sender: str = ""
    reason: str = ""
    outcome: str = ""  #: what has become of them, an Outcome
    outcome_from: date | None = None  #: when it came, a day of UTC
    outcome_to: date | None = None  #: the last of these days

    @property
    def statuses(self) -> frozenset[str]:
        """The statuses that the messages are stored with which are shown; none: any.

        What is being handed over is stored as waiting: it is told apart once it is read.
        """
        implied = _STATUS_OF.get(self.outcome)
        is_handed = self.status == MessageStatus.SENDING
        own = MessageStatus.PENDING if is_handed else self.status
        return frozenset(filter(None, (own, implied)))

    @property
    def made_before(self) -> datetime | None:
        """Before when campaigns were made that may have messages to be shown; None: whenever."""
        ends = [self.before] if self.before else []
        if self.outcome_to is not None:
            ends.append(datetime.combine(self.outcome_to, time(), UTC) + timedelta(days=1))
        return min(ends, default=None)

    @property
    def looks_through(self) -> bool:
        """Whether messages have to be read to know whether they are shown."""
        asked = (self.since, self.before, self.reason, self.outcome, len(self.statuses) > 1)
        return any(asked) or self.is_by_send

    @property
    def is_by_send(self) -> bool:
        """Whether it matters by what messages are sent."""
        return bool(self.channel or self.provider or self.sender)

    def goes_by(self, send: Send) -> bool:
        """Tell whether messages of a send may be shown."""
        pairs = (
            (self.channel, send.channel),
            (self.provider, send.provider),
            (self.sender, send.sender),
        )
        return all(not asked or asked == given for asked, given in pairs)

    def passes(self, data: Mapping[str, Any]) -> bool:
        """Tell whether a stored message is shown, by whatever it is sent."""
        at = data["created_at"]
        if any(status != data["status"] for status in self.statuses):
            return False
        if self.reason not in {"", data.get("reason")}:
            return False
        if (self.since and at < self.since) or (self.before and at >= self.before):
            return False
        return not self.outcome or self._has_outcome(message_from("", data))

    def _has_outcome(self, message: Message) -> bool:
        days = (today(at) for outcome, at in outcomes_of(message) if outcome == self.outcome)
        first, last = self.outcome_from or date.min, self.outcome_to or date.max
        return any(first <= day <= last for day in days)


async def search(
    engine: Engine, org: str, shown: Search, *, after: Position | None, limit: int
) -> Found:
    """Return a page of messages: a contact's, or those of the newest campaigns first."""
    of = _of_contact if shown.contact_id else _of_campaigns
    found = await of(engine, org, shown, after, limit)
    rows = await as_they_stand(engine, found.messages)
    return Found([row for row in rows if shown.status in {None, row[1].status}], found.end)


async def _of_contact(
    engine: Engine, org: str, shown: Search, after: Position | None, limit: int
) -> Found:
    path = paths.contact(org, shown.contact_id)
    where = (Where("contact", "==", path), *between("created_at", shown.since, shown.before))
    start = None
    if after is not None:
        start = (after.at, paths.message(MessageRef(org, after.campaign, after.message)))
    query = Query("messages", where, ("-created_at",), limit=limit, start_after=start, group=True)
    page = await page_where(engine, query, shown.passes if _is_narrow(shown) else None)
    ids = dict.fromkeys(paths.ids(each.path)[1] for each in page.documents)
    found = await engine.store.get_many([paths.campaign(org, id_) for id_ in ids])
    campaigns = {each.id: campaign_from(org, each.id, each.data) for each in found if each}
    every = [(campaigns[paths.ids(each.path)[1]], _message(each)) for each in page.documents]
    rows = [(home, each) for home, each in every if shown.goes_by(home.send(each.send))]
    return Found(rows, page.last and _position(page.last, page.last.data["created_at"]))


def _is_narrow(shown: Search) -> bool:
    """Tell whether more than its time and how it was sent decides of a message."""
    return bool(shown.statuses or shown.reason or shown.outcome)


async def _of_campaigns(
    engine: Engine, org: str, shown: Search, after: Position | None, limit: int
) -> Found:
    rows: list[tuple[Campaign, Message]] = []
    for document in await _campaigns(engine, org, shown, after):
        campaign = campaign_from(org, document.id, document.data)
        if _has_none(shown, campaign):
            after = Position(campaign.created_at, campaign.id, "")
            continue
        behind = after.message if after and after.campaign == campaign.id else ""
        collection = paths.messages(org, campaign.id)
        where = tuple(Where("status", "==", each) for each in list(shown.statuses)[:1])
        start = (f"{collection}/{behind}",) if behind else None
        query = Query(collection, where, limit=limit - len(rows), start_after=start)
        passes = partial(_passes, shown, campaign) if shown.looks_through else None
        page = await page_where(engine, query, passes)
        rows += [(campaign, _message(each)) for each in page.documents]
        if page.last is not None:
            return Found(rows, _position(page.last, campaign.created_at))
        after = Position(campaign.created_at, campaign.id, "")
        if len(rows) == limit:
            return Found(rows, after)
    is_whole = after is None or not await _campaigns(engine, org, shown, after)
    return Found(rows, None if is_whole else after)


def _has_none(shown: Search, campaign: Campaign) -> bool:
    """Tell whether none of a campaign's messages can be among those that are shown."""
    sends = (*campaign.sends, *campaign.routes)
    is_over = shown.since and campaign.ended_at and campaign.ended_at < shown.since
    return bool(is_over) or not any(map(shown.goes_by, sends))


def _passes(shown: Search, campaign: Campaign, data: Mapping[str, Any]) -> bool:
    return shown.goes_by(campaign.send(data.get("send", ""))) and shown.passes(data)


async def _campaigns(
    engine: Engine, org: str, shown: Search, after: Position | None
) -> list[Document]:
    """Return the next campaigns; the one that a page ended within is the first of them."""
    start = None if after is None else (after.at, paths.campaign(org, after.campaign))
    # What was planned before a time belongs to a campaign that was made before it.
    where = between("created_at", None, shown.made_before)
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
