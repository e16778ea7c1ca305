"""A campaign's messages for an operator: page by page, or all of them as CSV."""

import csv
import io
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.content import read_at_once
from functions.domain.errors import InvalidFieldError
from functions.domain.messages.ids import fallback_number, node_of, whole_id
from functions.domain.messages.message import Message, MessageStatus, message_from
from functions.engine import paths
from functions.engine.campaigns.plans import longest_texts
from functions.engine.kernel.claims import as_they_stand, claimed_documents
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Query, Where

_CSV_PAGE = 1000
#: Messages looked through for those of one reason, before a page is given as it is.
_SCANNED = 1000


@dataclass(frozen=True, slots=True)
class ReportPage:
    """Some of a campaign's messages, and the cursor behind the last; None where none follow."""

    rows: list[Message]
    cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFilter:
    """Which of a campaign's messages are shown: those that all of these hold for."""

    status: MessageStatus | None = None
    reason: str = ""
    node: str = ""  #: of the campaign's plan
    min_duration_s: int | None = None  #: of conversation
    max_duration_s: int | None = None

    @property
    def where(self) -> tuple[Where, ...]:
        """The conditions that a query takes."""
        return (Where("status", "==", self.status),) if self.status else ()

    @property
    def looks_through(self) -> bool:
        """Whether messages have to be read to know whether they are among those shown."""
        lasted = {self.min_duration_s, self.max_duration_s}
        return bool(self.reason or self.node) or lasted != {None}

    def passes(self, data: Mapping[str, Any]) -> bool:
        """Tell whether a stored message is among those that are shown."""
        if self.reason and data.get("reason") != self.reason:
            return False
        if self.node and node_of(data.get("send", "")) != self.node:
            return False
        lasted: int = data.get("duration_s", 0)
        longest = lasted if self.max_duration_s is None else self.max_duration_s
        return (self.min_duration_s or 0) <= lasted <= longest


async def messages(
    engine: Engine, campaign: Campaign, shown: MessageFilter, *, cursor: str, limit: int
) -> ReportPage:
    """Return a page of a campaign's messages, those that a filter shows.

    Those of a reason, a node or a duration are looked for among the others, so a page of them may
    be short, or empty, and its cursor lead on; so may one of very large mails.
    """
    texts = await longest_texts(engine, campaign)
    limit = read_at_once(texts, limit)
    collection = paths.messages(campaign.org, campaign.id)
    after = (f"{collection}/{checked(cursor)}",) if cursor else None
    scanned = limit
    if shown.looks_through:
        scanned = read_at_once(texts, max(limit, _SCANNED))
    if shown.status is MessageStatus.SENDING:
        documents = (await claimed_documents(engine, campaign, behind=cursor))[:scanned]
    else:
        query = Query(collection, shown.where, limit=scanned, start_after=after)
        documents = await engine.store.query(query)
    wanted = [each for each in documents if shown.passes(each.data)]
    rows, more = wanted[:limit], None
    if len(wanted) > limit:
        more = rows[-1].id
    elif len(documents) == scanned:
        more = documents[-1].id
    stored = [(campaign, message_from(each.id, each.data)) for each in rows]
    standing = [message for _, message in await as_they_stand(engine, stored)]
    return ReportPage([each for each in standing if shown.status in {None, each.status}], more)


def checked(cursor: str) -> str:
    """Return a cursor that can be an id. Raises InvalidFieldError."""
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
    "enrollment_id",
    "node",
    "visit",
)


#: What a report says of the person, and not of the message.
_PERSONAL = dict.fromkeys(("number", "subject"), "")


def place_of(campaign: Campaign, message: Message) -> dict[str, Any]:
    """Return where in a plan a message belongs: of which walk, node and visit; None: of none."""
    if not message.enrollment:
        return dict.fromkeys(("enrollment_id", "node", "visit"))
    id_ = whole_id(campaign.id, message.enrollment)
    return {"enrollment_id": id_, "node": node_of(message.send), "visit": message.visit}


def row(campaign: Campaign, message: Message, *, shows_people: bool = True) -> dict[str, Any]:
    """Return what a report says of one message, with whom it is for or without."""
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
        whole_id(campaign.id, message.id),
        campaign.send(message.send).channel,
        fallback_number(message.send),
        message.subject,
        message.delivered_at,
        message.read_at,
        message.clicked_at,
        message.replied_at,
        *place_of(campaign, message).values(),
    )
    told = dict(zip(COLUMNS, values, strict=True))
    return told if shows_people else {**told, **_PERSONAL}


async def as_csv(
    engine: Engine, campaign: Campaign, shown: MessageFilter, *, shows_people: bool = True
) -> AsyncIterator[str]:
    """Yield the report as CSV, a page at a time."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    cursor: str | None = ""
    while cursor is not None:
        page = await messages(engine, campaign, shown, cursor=cursor, limit=_CSV_PAGE)
        rows = [row(campaign, message, shows_people=shows_people) for message in page.rows]
        writer.writerows([_cell(name, value) for name, value in each.items()] for each in rows)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        cursor = page.cursor


def _cell(name: str, value: Any) -> Any:
    """Return a value as a cell; what people have written must not become a formula."""
    is_text = name in {"subject", "node"} or (name == "number" and "@" in value)
    if is_text and value and value.startswith(_FORMULA):
        return f"'{value}"
    return value.isoformat() if isinstance(value, datetime) else value


#: What spreadsheets take for the beginning of a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@")
