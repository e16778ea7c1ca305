"""The rows of an import's file, page by page, from the place where its work goes on."""

import asyncio
import io
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any, BinaryIO, Final, NamedTuple, TypeAlias, cast

from functions.domain.contacts.contact import Details, contact_id, identity
from functions.domain.contacts.import_row import (
    COLUMNS,
    Cell,
    RowError,
    contact_row,
    field_of,
    json_cells,
)
from functions.engine import paths
from functions.engine.imports import workbooks
from functions.engine.imports.byte_files import file_of, in_utf8, skipped
from functions.engine.imports.encodings import UTF8
from functions.engine.imports.job import Job
from functions.engine.imports.row_files import (
    CsvRows,
    FileFormat,
    HopelessError,
    JsonRows,
    Place,
    SheetRows,
)
from functions.engine.imports.tables import TableRows
from functions.engine.imports.upload import CHUNK, read_chunk
from functions.engine.kernel.concurrency import in_turn

#: A page makes documents of about so much text, however few rows that are: stores have limits.
#: The names of the columns count for each row, since each document repeats them.
_PAGE_CHARACTERS: Final = 500_000
#: Spellings of JSON's columns that are remembered.
_REMEMBERED: Final = 1000

#: A file is judged by so many rows, and given up where more of them than that are bad.
_JUDGED: Final = 2_000
_HOPELESS: Final = 0.95

INVALID: Final = "invalid"
DUPLICATE: Final = "duplicate"


class Good(NamedTuple):
    """A row that describes somebody."""

    line: int
    behind: Place  #: where the next row begins
    id: str  #: of the contact
    details: Details
    member: Mapping[str, Any] = {}  #: what a list keeps of the row itself


class Bad(NamedTuple):
    """A row that is left out."""

    line: int
    behind: Place
    column: str  #: "" where the whole row is to blame
    reason: str
    kind: str = INVALID

    def report(self) -> dict[str, Any]:
        """Return what is kept of it."""
        return {"line": self.line, "column": self.column, "reason": self.reason, "kind": self.kind}


Item: TypeAlias = Good | Bad


class Page(NamedTuple):
    """Some rows, and the place behind them."""

    items: list[Item]
    behind: Place
    is_last: bool
    error: str | None = None  #: why the file cannot be read on

    @property
    def ids(self) -> list[str]:
        """The ids of the contacts that it is about, each once."""
        return list(dict.fromkeys(item.id for item in self.items if isinstance(item, Good)))

    def paths(self, org: str) -> list[str]:
        """Return the paths of its contacts."""
        return [paths.contact(org, id_) for id_ in self.ids]


ReadPerson: TypeAlias = Callable[[list[Cell]], tuple[Details, Mapping[str, Any]]]
"""Reads whom a row's cells describe, and what a list keeps of them; raises ValueError."""


class Reader:
    """Reads the rows of a file, page by page."""

    def __init__(
        self,
        rows: CsvRows | JsonRows | SheetRows,
        cells: Callable[[], list[Cell] | None],
        person: ReadPerson,
        *,
        salt: bytes,
        most: int,
        names: int = 0,
    ) -> None:
        """Take the file, and what reads a row of it: its cells and whom they describe.

        A page has `most` rows, or fewer where they are long; `names` is the length of the
        columns' names together.
        """
        self._rows = rows
        self._cells = cells
        self._person = person
        self._salt = salt
        self._most = most
        self._names = names
        self._items = self._read()
        self._seen = self._bad = 0
        self._problem = ""  #: of the last bad row

    async def pages(self) -> AsyncGenerator[Page, None]:
        """Yield the pages; while one is being worked on the next is read, in a thread."""
        ahead = asyncio.ensure_future(in_turn(self._page))
        try:
            while True:
                page = await ahead
                if page.is_last:
                    yield page
                    return
                ahead = asyncio.ensure_future(in_turn(self._page))
                yield page
        finally:
            # Whoever closes the file must not do so while a thread reads it.
            await asyncio.gather(ahead, return_exceptions=True)

    def _page(self) -> Page:
        """Return the next rows, as many as one commit may hold."""
        items: list[Item] = []
        start = self._rows.behind.bytes
        try:
            for item, behind in self._items:
                if item is not None:
                    items.append(item)
                    self._check_worth(item)
                length = behind.bytes - start + len(items) * self._names
                if len(items) >= self._most or length >= _PAGE_CHARACTERS:
                    return Page(items, behind, is_last=False)
        except HopelessError as error:
            return Page(items, self._rows.behind, is_last=True, error=str(error))
        return Page(items, self._rows.behind, is_last=True)

    def _check_worth(self, item: Item) -> None:
        """Raise HopelessError once nearly all rows are bad: the file is not what it should be."""
        self._seen += 1
        if isinstance(item, Bad):
            self._bad += 1
            self._problem = item.reason
        if self._seen >= _JUDGED and self._bad > _HOPELESS * self._seen:
            rule = f"{self._bad:,} of its first {self._seen:,} rows are bad"
            raise HopelessError(f"{rule}, such as: {self._problem}")

    def _read(self) -> Iterator[tuple[Item | None, Place]]:
        """Yield the rows, None for one that is blank, and the place behind each."""
        rows = self._rows
        while True:
            item: Item | None = None
            try:
                cells = self._cells()
                if cells is None:
                    return
                if cells:
                    details, member = self._person(cells)
                    id_ = contact_id(self._salt, identity(details))
                    item = Good(rows.line, rows.behind, id_, details, member)
            except ValueError as error:
                column = error.column if isinstance(error, RowError) else ""
                item = Bad(rows.line, rows.behind, column, str(error))
            yield item, item.behind if item else rows.behind


def reader_of(job: Job, salt: bytes) -> Reader:
    """Return what reads the rows of an import, from where its work goes on."""
    data = job.data
    start = Place(data["bytes"], data["lines"])
    file = _file(job, start)
    rows: CsvRows | JsonRows | SheetRows
    cells: Callable[[], list[Cell] | None]
    if data["format"] == FileFormat.JSON_LINES:
        rows = JsonRows(file, start=start)
        mapping = {each["column"]: each["field"] for each in data["mapping"]}
        named = lru_cache(_REMEMBERED)(partial(field_of, mapping=mapping))
        cells = partial(_json_cells, rows, named)
    else:
        is_sheet = data["format"] == FileFormat.XLSX
        csv = partial(CsvRows, delimiter=data["delimiter"])
        rows = (SheetRows if is_sheet else csv)(file, start=start)
        cells = partial(table_cells, rows, data["columns"], data["fields"])
    names = sum(map(len, data["columns"]))
    person = partial(_person, country=data["default_country"])
    most = job.engine.limits.launch_page
    return Reader(rows, cells, person, salt=salt, most=most, names=names)


def _person(cells: list[Cell], *, country: str) -> tuple[Details, Mapping[str, Any]]:
    return contact_row(cells, country=country), {}


def _file(job: Job, start: Place) -> BinaryIO:
    """Return the file of an import from a place on, in UTF-8.

    Only what is UTF-8 already can be begun there; everything else is turned into it anew.
    """
    encoding, size = job.data["encoding"], job.data["size"]
    begin = start.bytes if encoding == UTF8 else 0
    chunks = _ChunkFile(_fetching(job), begin, size)
    file = cast(BinaryIO, io.BufferedReader(chunks))
    if encoding == UTF8:
        return file
    if job.data["format"] == FileFormat.XLSX:
        return file_of(skipped(workbooks.unpacked(file), start.bytes))
    return in_utf8(file, encoding, start=start.bytes)


def table_cells(rows: TableRows, columns: list[str], fields: list[str]) -> list[Cell] | None:
    """Return the next row's cells, none of a blank one, None behind the last.

    Cells of no column may be there or not: a spreadsheet adds some behind the last.
    """
    cells = rows.read()
    if cells is None or not any(map(str.strip, cells)):
        return None if cells is None else []
    if len(cells) != len(columns):
        cells = _fitted(cells, columns, short=isinstance(rows, SheetRows))
    return list(map(Cell, columns, fields, cells))


def _fitted(cells: list[str], columns: list[str], *, short: bool) -> list[str]:
    """Return as many cells as there are columns. Raises RowError."""
    missing, more = columns[len(cells) :], cells[len(columns) :]
    if any(map(str.strip, more)) or (any(missing) and not short):
        raise RowError("", f"has {len(cells)} cells, the first line has {len(columns)}")
    return [*cells, *[""] * len(missing)][: len(columns)]


def _json_cells(rows: JsonRows, field: Callable[[str], str]) -> list[Cell] | None:
    """Return the next row's cells, none of a blank one, None behind the last."""
    row = rows.read()
    if not row:
        return None if row is None else []
    cells = [Cell(column, field(column), text) for column, text in json_cells(row)]
    if len(cells) > COLUMNS:
        raise RowError("", f"has more than {COLUMNS} members")
    return cells


def _fetching(job: Job) -> Callable[[int], bytes]:
    """Return what gets a chunk, for a thread other than the one that the store lives in."""
    loop = asyncio.get_running_loop()

    def fetch(number: int) -> bytes:
        chunk = read_chunk(job.engine, job.org, job.id, number)
        return asyncio.run_coroutine_threadsafe(chunk, loop).result()

    return fetch


class _ChunkFile(io.RawIOBase):
    """The chunks of a file, one after the other, as the one file that they are."""

    def __init__(self, fetch: Callable[[int], bytes], at: int, size: int) -> None:
        self._fetch = fetch
        self._at = at
        self._size = size
        self._chunk = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            return 0
        number, offset = divmod(self._at, CHUNK)
        if not self._chunk or offset == 0:
            self._chunk = self._fetch(number)
        part = self._chunk[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)
