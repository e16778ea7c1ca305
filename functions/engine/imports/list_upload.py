"""A list made of an uploaded CSV file, while its sender waits: everybody in it becomes a contact.

The list keeps what a row says beside the number; a contact that is there stays as it is.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing, closing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO, Final, NamedTuple, TypeAlias
from uuid import uuid4

import structlog

from functions.domain.contacts.contact import Details, has_controls
from functions.domain.contacts.import_row import COLUMNS, Cell, check_names
from functions.domain.contacts.phones import InvalidPhoneError, parse_phone
from functions.domain.errors import DomainError, InvalidFieldError, NameTakenError
from functions.domain.times import is_zone
from functions.domain.warnings import InputWarning
from functions.engine import paths
from functions.engine.contacts import list_names, lists
from functions.engine.imports.plan import Plan, Target, read_known
from functions.engine.imports.reader import DUPLICATE, Page, Reader, table_cells
from functions.engine.imports.tables import TableRows, header_of, inspect, rows_of
from functions.engine.imports.upload import country_for
from functions.engine.kernel.commits.modify import retried
from functions.engine.kernel.concurrency import in_turn
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.people import salt_of
from functions.engine.ports.store import ConflictError, Update

log = structlog.get_logger()

NUMBER: Final = "number"
TIMEZONE: Final = "timezone"
#: Bad rows that a report tells apart; beyond that they are only counted.
_REPORTED: Final = 1000
_CELL: Final = 1000  #: characters of a cell at most
#: Firestore keeps names between double underscores for itself.
_COLUMN: Final = re.compile(r"(?!__.*__$).{0,100}", re.DOTALL)


HasGone: TypeAlias = Callable[[], Awaitable[bool]]
"""Tells whether whoever sent a file has left."""


class SenderGoneError(DomainError):
    """Whoever sent a file has left; no list was made of it."""

    def __init__(self) -> None:
        super().__init__("file: its sender has left before it was stored")


class BadRow(NamedTuple):
    """A row that was left out, by its line in the file."""

    line: int
    error: str


@dataclass(slots=True)
class ImportResult:
    """What an import has made of a file."""

    list_id: str
    appends: bool = False  #: the list was there before
    imported: int = 0
    duplicates: int = 0
    invalid: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)  #: the first thousand
    warnings: list[InputWarning] = field(default_factory=list)

    @property
    def says_nothing_new(self) -> bool:
        """Whether everybody in a file is on the list that it is added to."""
        return self.appends and not self.imported and bool(self.duplicates)

    def add(self, plan: Plan) -> None:
        """Count what a page has made."""
        duplicates = sum(each.kind == DUPLICATE for each in plan.bad)
        self.imported += len(plan.members)
        self.duplicates += duplicates
        self.invalid += len(plan.bad) - duplicates
        told = plan.bad[: _REPORTED - len(self.bad_rows)]
        self.bad_rows += [BadRow(each.line, each.reason) for each in told]


async def import_csv(
    engine: Engine,
    org: str,
    name: str,
    file: BinaryIO,
    *,
    append: bool = False,
    encoding: str = "",
    default_country: str = "",
    has_gone: HasGone | None = None,
) -> ImportResult:
    """Make a list of the people in a CSV file or workbook with a column `number` in E.164.

    A column `timezone` (IANA) says where a person is, instead of the number; all other columns
    are kept as attributes. With a `default_country`, or one in the settings, numbers without a
    plus are read as they are dialled there. The file is read as a stream, and the list exists only
    once all of it is stored; with `append` one of that name that is there gets them too. Raises
    InvalidFieldError where the file is no such table or holds no good row, NameTakenError, and
    SenderGoneError where `has_gone` says that nobody waits for the result any more.
    """
    result = await _begun(engine, org, name, append=append)
    country = await country_for(engine, org, default_country)
    # In a thread, for a large file would keep everybody else waiting.
    kind = await in_turn(partial(inspect, file, encoding))
    result.warnings += kind.warnings
    with closing(await in_turn(partial(rows_of, file, kind))) as rows:
        try:
            await _store(engine, org, rows, result, country, has_gone)
        except DomainError:
            await _give_up(engine, org, result)
            raise
    if result.says_nothing_new:
        sentence = "file: everybody in it is on the list already; was it imported before?"
        result.warnings.append(InputWarning("LIST_IMPORTED_TWICE", "file", sentence))
    elif result.imported == 0:
        first = (
            f"; line {bad.line}: {bad.error}" if (bad := next(iter(result.bad_rows), None)) else ""
        )
        raise InvalidFieldError("file", f"file: has no usable row{first}")
    if not result.appends:
        await _make_list(engine, org, name, result)
    log.info("list_imported", org=org, list_id=result.list_id, imported=result.imported)
    return result


async def _begun(engine: Engine, org: str, name: str, *, append: bool) -> ImportResult:
    """Return the result to be filled: of a new list, or of one that is there. See import_csv."""
    holder = await list_names.holder_of(engine, org, name)
    if holder is None:
        return ImportResult(uuid4().hex)
    if append and holder.exists:
        return ImportResult(holder.list_id, appends=True)
    raise NameTakenError("List", name)


async def _give_up(engine: Engine, org: str, result: ImportResult) -> None:
    """Leave nothing of a list that is not made; everybody stored stays a contact."""
    if not result.appends:
        await lists.discard(engine, paths.list_(org, result.list_id))


async def _make_list(engine: Engine, org: str, name: str, result: ImportResult) -> None:
    """Name the list, with which it is there. Raises NameTakenError."""
    path = paths.list_(org, result.list_id)

    async def attempt() -> None:
        claim = await list_names.claim(engine, org, name, result.list_id)
        named = {"name": name, "created_at": engine.clock.now()}
        await engine.store.commit(Update(path, named), claim)

    try:
        await retried(attempt, path)
    except NameTakenError:
        await _give_up(engine, org, result)
        raise


def _columns(rows: TableRows) -> list[str]:
    """Return what the first line names. Raises InvalidFieldError."""
    columns = [_own_name(name) for name in header_of(rows, {NUMBER})]
    if NUMBER not in columns:
        raise InvalidFieldError("file", f"file: the first line must name a column '{NUMBER}'")
    check_names(columns)
    if len(columns) > COLUMNS:
        raise InvalidFieldError("file", f"file: has more than {COLUMNS} columns")
    if bad := [name for name in columns if not _COLUMN.fullmatch(name) or has_controls(name)]:
        raise InvalidFieldError("file", f"file: {bad[0][:100]!r} cannot be the name of a column")
    return columns


def _own_name(name: str) -> str:
    return name.lower() if name.lower() in {NUMBER, TIMEZONE} else name


def _person(cells: list[Cell], *, country: str) -> tuple[Details, Mapping[str, Any]]:
    """Return whom a row describes, and what the list keeps of it. Raises ValueError."""
    if any(len(cell.text) > _CELL for cell in cells):
        raise ValueError(f"has a cell of more than {_CELL} characters")
    row = {cell.column: cell.text for cell in cells}
    if not "".join(row.values()).isprintable() and (
        odd := [n for n in row if has_controls(row[n])]
    ):
        raise ValueError(f"{odd[0]}: holds control characters")
    try:
        phone = parse_phone(row.pop(NUMBER), country=country)
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


async def _store(
    engine: Engine,
    org: str,
    rows: TableRows,
    result: ImportResult,
    country: str,
    has_gone: HasGone | None,
) -> None:
    """Store the rows' contacts and the list's pages, a page of the file a commit."""
    columns = await in_turn(partial(_columns, rows))
    reader = Reader(
        rows,
        partial(table_cells, rows, columns, columns),
        partial(_person, country=country),
        salt=await salt_of(engine, org),
        most=engine.limits.launch_page,
        names=sum(map(len, columns)),
    )
    before = "is on the list, or stands" if result.appends else "stands"
    duplicate = f"{NUMBER}: {{phone}} {before} in an earlier row"
    target = Target(
        org, result.list_id, keeps=True, duplicate=duplicate, makes_list=not result.appends
    )
    plan: Plan | None = None
    async with aclosing(reader.pages()) as pages:
        async for page in pages:
            are_known = result.appends or bool(plan and plan.met)
            plan = await _commit(engine, target, page, are_known=are_known)
            result.add(plan)
            if page.error:
                raise InvalidFieldError("file", f"file: {page.error}")
            if has_gone is not None and await has_gone():
                log.info("upload_given_up", org=org, list_id=result.list_id)
                raise SenderGoneError


async def _commit(engine: Engine, target: Target, page: Page, *, are_known: bool) -> Plan:
    """Commit a page; where its people are most likely new, without asking for them first."""
    now, list_id = engine.clock.now(), target.list_id or ""
    home = paths.list_(target.org, list_id)

    async def attempt(wanted: list[str]) -> Plan:
        stored, *people = await engine.store.get_many([home, *wanted])
        contacts = {each.id: each for each in people if each}
        on_it = {id_ for id_, each in contacts.items() if list_id in each.data["list_pages"]}
        known = await read_known(engine, target, page, stored, contacts, on_it)
        plan = Plan(target, page, known, now)
        await engine.store.commit(*plan.writes, *plan.grown)
        return plan

    if not are_known:
        with suppress(ConflictError):  # Somebody of the page is known already.
            return await attempt([])
    return await retried(partial(attempt, page.paths(target.org)), home)
