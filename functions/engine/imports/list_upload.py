"""A list made of an uploaded CSV file, while its sender waits: everybody in it becomes a contact.

The list keeps what a row says beside the number; a contact that is there stays as it is.
"""

import asyncio
import re
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO, Final, NamedTuple
from uuid import uuid4

import structlog

from functions.domain.contacts.contact import Details
from functions.domain.contacts.import_row import COLUMNS, Cell
from functions.domain.contacts.phones import InvalidPhoneError, parse_phone
from functions.domain.errors import InvalidFieldError
from functions.domain.times import is_zone
from functions.engine import paths
from functions.engine.imports.plan import Known, Plan, Target
from functions.engine.imports.reader import DUPLICATE, Page, Reader, csv_cells
from functions.engine.imports.row_files import BrokenRowError, CsvRows
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.modify import modify
from functions.engine.ports.store import ConflictError, Create, Document, Write

log = structlog.get_logger()

NUMBER: Final = "number"
TIMEZONE: Final = "timezone"
#: Bad rows that a report tells apart; beyond that they are only counted.
_REPORTED: Final = 1000
_CELL: Final = 1000  #: characters of a cell at most
#: Firestore keeps names between double underscores for itself.
_COLUMN: Final = re.compile(r"(?!__.*__$).{0,100}", re.DOTALL)


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

    def add(self, plan: Plan) -> None:
        """Count what a page has made."""
        duplicates = sum(each.kind == DUPLICATE for each in plan.bad)
        self.imported += len(plan.members)
        self.duplicates += duplicates
        self.invalid += len(plan.bad) - duplicates
        told = plan.bad[: _REPORTED - len(self.bad_rows)]
        self.bad_rows += [BadRow(each.line, each.reason) for each in told]


async def import_csv(engine: Engine, org: str, name: str, file: BinaryIO) -> ImportResult:
    """Make a list of the people in a CSV file with a column `number` in E.164.

    A column `timezone` (IANA) says where a person is, instead of the number; all other columns
    are kept as attributes. The file is read as a stream, and the list exists only once all of
    it is stored. Raises InvalidFieldError where the file is no such CSV or holds no good row.
    """
    result = ImportResult(uuid4().hex)
    rows = CsvRows(file)
    try:
        await _store(engine, org, rows, result)
    finally:
        rows.close()
    if result.imported == 0:
        first = (
            f"; line {bad.line}: {bad.error}" if (bad := next(iter(result.bad_rows), None)) else ""
        )
        raise InvalidFieldError("file", f"file: has no usable row{first}")
    fields = {"name": name, "size": result.imported, "created_at": engine.clock.now()}
    await engine.store.commit(Create(paths.list_(org, result.list_id), fields))
    log.info("list_imported", org=org, list_id=result.list_id, imported=result.imported)
    return result


def _columns(rows: CsvRows) -> list[str]:
    """Return what the first line names. Raises InvalidFieldError."""
    try:
        columns = rows.read_header(NUMBER)
    except BrokenRowError as error:
        raise InvalidFieldError("file", f"file: the first line is no CSV: {error}") from None
    if not columns:
        raise InvalidFieldError("file", f"file: the first line must name a column '{NUMBER}'")
    named = [name for name in columns if name]
    if len(set(named)) < len(named) or len(columns) > COLUMNS:
        raise InvalidFieldError("file", f"file: needs up to {COLUMNS} columns of different names")
    if bad := [name for name in named if not _COLUMN.fullmatch(name)]:
        raise InvalidFieldError("file", f"file: '{bad[0][:100]}' cannot be the name of a column")
    return columns


def _person(cells: list[Cell]) -> tuple[Details, Mapping[str, Any]]:
    """Return whom a row describes, and what the list keeps of it. Raises ValueError."""
    if any(len(cell.text) > _CELL for cell in cells):
        raise ValueError(f"has a cell of more than {_CELL} characters")
    row = {cell.column: cell.text for cell in cells}
    try:
        phone = parse_phone(row.pop(NUMBER))
    except InvalidPhoneError as error:
        raise ValueError(f"{NUMBER}: {error}") from None
    zone = row.pop(TIMEZONE, "").strip()
    if zone and not is_zone(zone):
        raise ValueError(f"{TIMEZONE}: there is no zone '{zone}'")
    details: Details = {"phone": phone.e164, "region": phone.region, "zones": phone.zones}
    if zone:
        details["zone"] = zone
    attributes = {name: cell for name, cell in row.items() if name and cell}
    return details, {"zones": [zone] if zone else list(phone.zones), "attributes": attributes}


async def _store(engine: Engine, org: str, rows: CsvRows, result: ImportResult) -> None:
    """Store the rows' contacts and the list's members, a page a commit."""
    # In a thread, for a large file of bad rows would keep everybody else waiting.
    columns = await asyncio.to_thread(_columns, rows)
    cells = partial(csv_cells, rows, columns, columns)
    names = sum(map(len, columns))
    reader = Reader(rows, cells, _person, most=engine.limits.launch_page, names=names)
    duplicate = f"{NUMBER}: {{phone}} stands in an earlier row"
    target = Target(org, result.list_id, keeps=True, duplicate=duplicate)
    plan: Plan | None = None
    async with aclosing(reader.pages()) as pages:
        async for page in pages:
            plan = await _commit(engine, target, page, are_known=bool(plan and plan.met))
            result.add(plan)
            if page.error:
                raise InvalidFieldError("file", f"file: {page.error}")


async def _commit(engine: Engine, target: Target, page: Page, *, are_known: bool) -> Plan:
    """Commit a page; where its people are most likely new, without asking for them first."""
    now, count = engine.clock.now(), len(page.ids)
    wanted = page.paths(target.org, target.list_id)

    def decide(documents: list[Document | None]) -> tuple[Plan, list[Write]]:
        contacts = {each.id: each for each in documents[:count] if each}
        members = {each.id for each in documents[count:] if each}
        plan = Plan(target, page, Known(contacts, touched=members, members=members), now)
        return plan, plan.writes

    if not are_known:
        plan, writes = decide([])
        try:
            await engine.store.commit(*writes)
        except ConflictError:
            pass  # Somebody of the page is known already.
        else:
            return plan
    return await modify(engine.store, wanted, decide)
