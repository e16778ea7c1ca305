"""What an operator sees of a campaign: its progress, its people, and why each got what they got."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from functions.domain.campaign import Campaign, CampaignStatus, ChannelKind
from functions.domain.content import read_at_once, texts_of
from functions.domain.errors import InvalidFieldError
from functions.domain.message import (
    CALLS_IN_FLIGHT,
    TEXTS_IN_FLIGHT,
    Message,
    MessageStatus,
    message_from,
)
from functions.engine import paths, tallies
from functions.engine.campaigns import LAUNCH, lane_names, load
from functions.engine.core import Engine
from functions.engine.pages import page_by_id
from functions.engine.ports import Document, Query, Where

log = structlog.get_logger()

#: A worker that has not been heard of for this long is presumed dead.
_STALE = timedelta(seconds=120)
_CSV_PAGE = 1000
#: Messages looked through for those of one reason, before a page is given as it is.
_SCANNED = 1000


@dataclass(frozen=True, slots=True)
class Health:
    """Who works on a campaign, and when they were last heard of."""

    heartbeat_at: datetime | None
    holder: str | None
    status: str  #: "active", "stale" (a worker was lost, the check will replace it) or "idle"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign has come."""

    campaign: Campaign
    counts: Mapping[MessageStatus, int]  #: messages, those by a further channel beside the others
    people: int  #: who have a message
    health: Health
    now: datetime

    @property
    def total(self) -> int:
        """People to be contacted, or found not to be."""
        return max(self.campaign.total, self.people)

    @property
    def in_flight(self) -> int:
        """Messages that are with the provider now."""
        return _in_flight(self.campaign, self.counts)

    @property
    def processed(self) -> int:
        """People for whom everything is done, or being done just now."""
        return self.people - self.counts[MessageStatus.PENDING]

    @property
    def connected(self) -> int:
        """Calls that were answered."""
        return self.counts[MessageStatus.ANSWERED] + self.counts[MessageStatus.COMPLETED]

    @property
    def estimated_end_at(self) -> datetime | None:
        """When it will be done if it goes on as it has; None where nothing can be said."""
        started_at = self.campaign.started_at
        if self.campaign.status is not CampaignStatus.RUNNING or not started_at:
            return None
        if not self.processed:
            return None
        per_person = (self.now - started_at) / self.processed
        return self.now + per_person * (self.total - self.processed)


async def progress(engine: Engine, org: str, campaign_id: str) -> Progress:
    """Return how far a campaign has come. Raises NotFoundError."""
    campaign = await load(engine, org, campaign_id)
    tally, health = await asyncio.gather(
        tallies.read_one(engine, campaign), _health(engine, campaign)
    )
    return Progress(campaign, tally.by_status, tally.people, health, engine.clock.now())


async def in_flight(engine: Engine, campaign: Campaign) -> int:
    """Count a campaign's messages that are with the provider now."""
    tally = await tallies.read_one(engine, campaign)
    return _in_flight(campaign, tally.by_status)


def _in_flight(campaign: Campaign, counts: Mapping[MessageStatus, int]) -> int:
    steps = map(campaign.at_step, range(len(campaign.fallbacks) + 1))
    calls = any(step.channel is ChannelKind.VOICE for step in steps)
    return sum(counts[status] for status in (CALLS_IN_FLIGHT if calls else TEXTS_IN_FLIGHT))


async def _health(engine: Engine, campaign: Campaign) -> Health:
    names = (LAUNCH, *lane_names(campaign))
    documents = await engine.store.get_many(
        [paths.lane(campaign.org, campaign.id, name) for name in names]
    )
    beats = [d.data for d in documents if d is not None and d.data.get("heartbeat_at")]
    if not beats:
        return Health(None, None, "idle")
    last = max(beats, key=lambda data: data["heartbeat_at"])
    return Health(last["heartbeat_at"], last["holder"], _pulse(campaign, beats, engine.clock.now()))


def _pulse(campaign: Campaign, beats: list[dict[str, Any]], now: datetime) -> str:
    held = [data for data in beats if data["lease_until"] is not None]
    if campaign.status is not CampaignStatus.RUNNING or not held:
        return "idle"
    lost = any(now - data["heartbeat_at"] > _STALE for data in held)
    return "stale" if lost else "active"


@dataclass(frozen=True, slots=True)
class ReportPage:
    """Some of a campaign's messages, and the cursor behind the last; None where none follow."""

    rows: list[Message]
    cursor: str | None


async def messages(
    engine: Engine,
    campaign: Campaign,
    *,
    status: MessageStatus | None,
    cursor: str,
    limit: int,
    reason: str = "",
) -> ReportPage:
    """Return a page of a campaign's messages, all of them or those of one status or reason.

    Those of a reason are looked for among the others, so a page of them may be short, or empty,
    and its cursor lead on; so may one of very large mails.
    """
    limit = read_at_once(texts_of(campaign), limit)
    collection = paths.messages(campaign.org, campaign.id)
    where = (Where("status", "==", status),) if status else ()
    after = (f"{collection}/{_checked(cursor)}",) if cursor else None
    scanned = read_at_once(texts_of(campaign), max(limit, _SCANNED)) if reason else limit
    query = Query(collection, where, limit=scanned, start_after=after)
    documents = await engine.store.query(query)
    wanted = [d for d in documents if not reason or d.data.get("reason") == reason]
    rows, more = wanted[:limit], None
    if len(wanted) > limit:
        more = rows[-1].id
    elif len(documents) == scanned:
        more = documents[-1].id
    return ReportPage([message_from(d.id, d.data) for d in rows], more)


def _checked(cursor: str) -> str:
    if not cursor.isalnum():
        raise InvalidFieldError("cursor", "cursor: must be a nextCursor that an earlier page gave")
    return cursor


COLUMNS = (
    "number",
    "status",
    "reason",
    "attempts",
    "due_at",
    "sent_at",
    "answered_at",
    "ended_at",
    "duration_s",
    "machine",
    "message_id",
    "channel",
    "step",
    "subject",
    "delivered_at",
    "read_at",
    "clicked_at",
    "replied_at",
)


def row(campaign: Campaign, message: Message) -> dict[str, Any]:
    """Return what a report says of one message."""
    values = (
        message.address,
        message.status,
        message.reason,
        message.attempt,
        message.due_at,
        message.sent_at,
        message.answered_at,
        message.ended_at,
        message.duration_s,
        message.machine,
        message.id,
        campaign.at_step(message.step).channel,
        message.step,
        message.subject,
        message.delivered_at,
        message.read_at,
        message.clicked_at,
        message.replied_at,
    )
    return dict(zip(COLUMNS, values, strict=True))


async def as_csv(
    engine: Engine, campaign: Campaign, *, status: MessageStatus | None, reason: str = ""
) -> AsyncIterator[str]:
    """Yield the report as CSV, a page at a time."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    cursor: str | None = ""
    while cursor is not None:
        page = await messages(
            engine, campaign, status=status, cursor=cursor, limit=_CSV_PAGE, reason=reason
        )
        rows = [row(campaign, message) for message in page.rows]
        writer.writerows([_cell(name, value) for name, value in each.items()] for each in rows)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        cursor = page.cursor


def _cell(name: str, value: Any) -> Any:
    """Return a value as a cell; what people have written must not become a formula."""
    is_text = name == "subject" or (name == "number" and "@" in value)
    if is_text and value.startswith(_FORMULA):
        return f"'{value}"
    return value.isoformat() if isinstance(value, datetime) else value


#: What spreadsheets take for the beginning of a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@")


async def members(
    engine: Engine, org: str, list_id: str, *, cursor: str, limit: int
) -> tuple[list[Document], str | None]:
    """Return a page of a list's members and the cursor behind the last."""
    after = _checked(cursor) if cursor else None
    return await page_by_id(engine, paths.members(org, list_id), after=after, limit=limit)
