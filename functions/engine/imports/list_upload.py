"""Imports: a CSV of people becomes a list, the bad rows reported by line and the good ones kept."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NamedTuple
from uuid import uuid4

import structlog

from functions.domain.contacts.contact import contact_id
from functions.domain.contacts.phones import InvalidPhoneError, parse_phone
from functions.domain.errors import InvalidFieldError
from functions.domain.times import is_zone
from functions.engine import paths
from functions.engine.imports.row_files import BrokenRowError, CsvRows, HopelessError
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import ConflictError, Create

log = structlog.get_logger()

NUMBER = "number"
TIMEZONE = "timezone"
#: Bad rows that a report tells apart; beyond that they are only counted.
_REPORTED = 1000
_CELL = 1000
_COLUMNS = 100
#: Firestore keeps names between double underscores for itself.
_COLUMN = re.compile(r"(?!__.*__$).{0,100}", re.DOTALL)
#: A commit holds no more characters than this, however few rows that are: stores have limits.
_PAGE_CHARACTERS = 500_000


class BadRow(NamedTuple):
    """A row that was left out, by its line in the file."""

    line: int
    error: str


@dataclass(slots=True)
class ImportResult:
    """What an import has made of a file."""

    list_id: str
    imported: int = 0
    duplicates: int = 0
    invalid: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)  #: the first thousand

    def report(self, line: int, error: str) -> None:
        """Note a row that was left out."""
        if len(self.bad_rows) < _REPORTED:
            self.bad_rows.append(BadRow(line, error))


class Row(NamedTuple):
    """A good row: its line and length, and the member it makes."""

    line: int
    length: int
    id: str
    member: dict[str, Any]


async def import_csv(engine: Engine, org: str, name: str, file: BinaryIO) -> ImportResult:
    """Make a list of the people in a CSV file with a column `number` in E.164.

    A column `timezone` (IANA) says where a person is, instead of the number; all other columns
    are kept as attributes. The file is read as a stream, and the list exists only once all of
    it is stored. Raises InvalidFieldError where the file is no such CSV or holds no good row.
    """
    result = ImportResult(uuid4().hex)
    rows = _rows(file, result)
    # In a thread, for a large file of bad rows would keep everybody else waiting.
    while page := await asyncio.to_thread(_page, rows, engine.limits.launch_page):
        await _store(engine, org, result, page)
    if result.imported == 0:
        raise InvalidFieldError("file", f"file: has no usable row{_first_error(result)}")
    fields = {"name": name, "size": result.imported, "created_at": engine.clock.now()}
    await engine.store.commit(Create(paths.list_(org, result.list_id), fields))
    log.info("list_imported", org=org, list_id=result.list_id, imported=result.imported)
    return result


def _first_error(result: ImportResult) -> str:
    if not result.bad_rows:
        return ""
    first = result.bad_rows[0]
    return f"; line {first.line}: {first.error}"


async def _store(engine: Engine, org: str, result: ImportResult, page: list[Row]) -> None:
    """Store a page's members; those that the list already has are reported as duplicates."""
    collection = paths.members(org, result.list_id)
    fresh: dict[str, Row] = {}
    for row in page:
        if row.id in fresh:
            _duplicate(result, row)
        else:
            fresh[row.id] = row
            row.member["contact"] = paths.contact(org, row.id)
    try:
        await _create(engine, collection, fresh)
    except ConflictError:
        for document in await engine.store.get_many([f"{collection}/{id_}" for id_ in fresh]):
            if document is not None:
                _duplicate(result, fresh.pop(document.id))
        await _create(engine, collection, fresh)
    result.imported += len(fresh)


async def _create(engine: Engine, collection: str, rows: dict[str, Row]) -> None:
    await engine.store.commit(*(Create(f"{collection}/{r.id}", r.member) for r in rows.values()))


def _duplicate(result: ImportResult, row: Row) -> None:
    result.duplicates += 1
    result.report(row.line, f"{NUMBER}: {row.member['address']} stands in an earlier row")


def _page(rows: Iterator[Row], most: int) -> list[Row]:
    """Return the next rows, as many as one commit may hold; none behind the last."""
    page: list[Row] = []
    characters = 0
    while len(page) < most and characters < _PAGE_CHARACTERS and (row := next(rows, None)):
        page.append(row)
        characters += row.length
    return page


def _rows(file: BinaryIO, result: ImportResult) -> Iterator[Row]:
    """Yield the good rows and report the others."""
    source = CsvRows(file)
    try:
        header = _header(source)
        while (row := _next_row(source, header, result)) is not None:
            yield row
    except HopelessError as error:
        raise InvalidFieldError("file", f"file: {error}") from None
    finally:
        source.close()


def _next_row(source: CsvRows, header: list[str], result: ImportResult) -> Row | None:
    """Return the next good row, None behind the last, and report those before it."""
    while True:
        try:
            cells = source.read()
            if cells is None:
                return None
            if any(cell.strip() for cell in cells):
                return _row(source.line, header, cells)
        except ValueError as error:
            result.invalid += 1
            result.report(source.line, str(error))


def _header(source: CsvRows) -> list[str]:
    try:
        header = source.read_header(NUMBER)
    except BrokenRowError as error:
        raise InvalidFieldError("file", f"file: the first line is no CSV: {error}") from None
    if not header:
        raise InvalidFieldError("file", f"file: the first line must name a column '{NUMBER}'")
    named = [name for name in header if name]
    if len(set(named)) < len(named) or len(header) > _COLUMNS:
        raise InvalidFieldError("file", f"file: needs up to {_COLUMNS} columns of different names")
    if bad := [name for name in named if not _COLUMN.fullmatch(name)]:
        raise InvalidFieldError("file", f"file: '{bad[0][:100]}' cannot be the name of a column")
    return header


def _row(line: int, header: list[str], cells: list[str]) -> Row:
    id_, member = _member(header, cells)
    return Row(line, sum(map(len, cells)), id_, member)


def _member(header: list[str], cells: list[str]) -> tuple[str, dict[str, Any]]:
    """Return a member and its id, derived from the address. Raises ValueError with a sentence."""
    if len(cells) != len(header):
        raise ValueError(f"has {len(cells)} cells, the first line has {len(header)}")
    if any(len(cell) > _CELL for cell in cells):
        raise ValueError(f"has a cell of more than {_CELL} characters")
    row = dict(zip(header, cells, strict=True))
    try:
        phone = parse_phone(row.pop(NUMBER))
    except InvalidPhoneError as error:
        raise ValueError(f"{NUMBER}: {error}") from None
    zone = row.pop(TIMEZONE, "").strip()
    if zone and not is_zone(zone):
        raise ValueError(f"{TIMEZONE}: there is no zone '{zone}'")
    zones = [zone] if zone else list(phone.zones)
    attributes = {name: cell for name, cell in row.items() if name and cell}
    member = {"address": phone.e164, "region": phone.region, "zones": zones}
    id_ = contact_id(phone.e164)
    return id_, {**member, "attributes": attributes}
