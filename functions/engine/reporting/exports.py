"""Everything of a kind that an organisation has, as a stream of CSV or of lines of JSON."""

import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import orjson

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.contacts.contact import (
    LENGTHS,
    Contact,
    contact_from,
    is_being_erased,
)
from functions.domain.contacts.suppressions import suppression_from
from functions.domain.messages.message import message_from
from functions.domain.times import iso
from functions.engine import paths
from functions.engine.kernel.claims import as_they_stand
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document, Query
from functions.engine.reporting import reports

#: Documents that are in memory at a time.
_PART: Final = 500
#: A message holds up to 300 kB of text.
_MESSAGES: Final = 50
#: What spreadsheets take for the beginning of a formula (OWASP, CSV injection).
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
#: Columns whose values begin with a plus, and are ours.
_NUMBERS: Final = frozenset({"phone", "address", "number"})

_ATTRIBUTE: Final = "attributes."
_CONTACT: Final = ("contact_id", *LENGTHS, "active", "created_at", "updated_at")
_SUPPRESSION: Final = ("address", "scope", "reason", "at", "until", "by", "active")
_MESSAGE: Final = ("campaign_id", "contact_id", *reports.COLUMNS)

Row = Mapping[str, Any]


class Format(StrEnum):
    """How rows are written."""

    CSV = "csv"
    JSON_LINES = "jsonl"


async def contacts(engine: Engine, org: str, form: Format) -> AsyncIterator[bytes]:
    """Yield all contacts.

    As CSV each attribute that anybody has is a column; to know them all contacts are read twice.
    """
    rows = _contacts(engine, org)
    if form is Format.JSON_LINES:
        async for piece in _json_lines(rows):
            yield piece
        return
    names: set[str] = set()
    async for part in rows:
        names.update(name for row in part for name in row["attributes"])
    columns = [*_CONTACT, *(_ATTRIBUTE + name for name in sorted(names))]
    async for piece in _csv(_flat(_contacts(engine, org)), columns):
        yield piece


async def suppressions(engine: Engine, org: str, form: Format) -> AsyncIterator[bytes]:
    """Yield all suppressions, a row for each scope of an address."""
    rows = _suppressions(engine, org)
    async for piece in _json_lines(rows) if form is Format.JSON_LINES else _csv(rows, _SUPPRESSION):
        yield piece


async def messages(
    engine: Engine, org: str, form: Format, *, campaign: Campaign | None = None
) -> AsyncIterator[bytes]:
    """Yield the messages of one campaign, or of all."""
    rows = _messages(engine, org, campaign)
    async for piece in _json_lines(rows) if form is Format.JSON_LINES else _csv(rows, _MESSAGE):
        yield piece


async def _parts(engine: Engine, query: Query) -> AsyncGenerator[list[Document], None]:
    async with aclosing(engine.store.stream(query)) as parts:
        async for part in parts:
            yield part


async def _contacts(engine: Engine, org: str) -> AsyncIterator[list[Row]]:
    async for part in _parts(engine, Query(paths.contacts(org), limit=_PART)):
        known = (each for each in part if not is_being_erased(each.data))
        yield [_contact(contact_from(each.id, each.data)) for each in known]


def _contact(contact: Contact) -> Row:
    own = {name: getattr(contact, name) for name in _CONTACT[1:]}
    return {"contact_id": contact.id, **own, "attributes": dict(contact.attributes)}


async def _flat(rows: AsyncIterator[list[Row]]) -> AsyncIterator[list[Row]]:
    """Yield contacts with their attributes beside their own fields."""
    async for part in rows:
        yield [
            {**row, **{_ATTRIBUTE + name: text for name, text in row["attributes"].items()}}
            for row in part
        ]


async def _suppressions(engine: Engine, org: str) -> AsyncIterator[list[Row]]:
    now = engine.clock.now()
    async for part in _parts(engine, Query(paths.suppressions(org), limit=_PART)):
        found = [suppression_from(each.id, each.data) for each in part]
        yield [
            {"address": each.address, "scope": scope, **asdict(bar), "active": bar.holds(now)}
            for each in found
            for scope, bar in sorted(each.scopes.items())
        ]


async def _messages(
    engine: Engine, org: str, campaign: Campaign | None
) -> AsyncIterator[list[Row]]:
    if campaign is not None:
        async for rows in _messages_of(engine, campaign):
            yield rows
        return
    async for part in _parts(engine, Query(paths.campaigns(org), limit=_PART)):
        for each in part:
            async for rows in _messages_of(engine, campaign_from(org, each.id, each.data)):
                yield rows


async def _messages_of(engine: Engine, campaign: Campaign) -> AsyncIterator[list[Row]]:
    query = Query(paths.messages(campaign.org, campaign.id), limit=_MESSAGES)
    async for part in _parts(engine, query):
        stored = [(campaign, message_from(each.id, each.data)) for each in part]
        found = [message for _, message in await as_they_stand(engine, stored)]
        yield [
            {
                "campaign_id": campaign.id,
                "contact_id": each.contact.rpartition("/contacts/")[2],
                **reports.row(campaign, each),
            }
            for each in found
        ]


async def _json_lines(rows: AsyncIterator[list[Row]]) -> AsyncIterator[bytes]:
    async for part in rows:
        option = orjson.OPT_APPEND_NEWLINE | orjson.OPT_PASSTHROUGH_DATETIME
        yield b"".join(orjson.dumps(row, default=_written, option=option) for row in part)


async def _csv(rows: AsyncIterator[list[Row]], columns: Sequence[str]) -> AsyncIterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(map(_safe, columns))
    async for part in rows:
        writer.writerows(_cells(row, columns) for row in part)
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue().encode()


def _cells(row: Row, columns: Iterable[str]) -> list[Any]:
    return [_cell(name, row.get(name)) for name in columns]


def _cell(name: str, value: Any) -> Any:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case datetime():
            return iso(value)
        case str() if name not in _NUMBERS or "@" in value:
            return _safe(value)
        case _:
            return value


def _safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _written(value: Any) -> Any:
    return iso(value) if isinstance(value, datetime) else str(value)
