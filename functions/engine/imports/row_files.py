"""The rows of a file that people upload: what is wrong with one row spoils that row only."""

import csv
import io
import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum
from typing import Any, BinaryIO, Final, NamedTuple

import orjson

#: A row is at most that long. What goes on for longer is broken, most likely by an open quote.
ROW_LENGTH: Final = 10_000
DELIMITERS: Final = ",;\t|"
#: How Excel is told the delimiter of a file, in a line before the names.
_SAID: Final = re.compile(r'"?sep=(?P<delimiter>[^\w\s"]|\t| )"?[\r\n]*', re.IGNORECASE)
#: What stands around names and is not seen.
_UNSEEN: Final = "\ufeff\u200b\u200e\u200f\u202a\u202c\u2060\u00a0"
#: Rows that swallow others with an open quote. Reading these again must not take for ever.
_SWALLOWERS: Final = 100

_NO_UTF8: Final = re.compile("[\udc80-\udcff]")  # what surrogateescape makes of such bytes
_BYTE_ORDER_MARK: Final = "\ufeff"


def named(cells: Iterable[str]) -> list[str]:
    """Return the names that stand in the first row of a table."""
    return [name.strip().strip(_UNSEEN).strip() for name in cells]


_BLANK: Final = frozenset({"\n", "\r\n", "\r"})


class BrokenRowError(ValueError):
    """Lines that are no row; the message says why."""


class HopelessError(Exception):
    """The file is no CSV; the message says why."""


class FileFormat(StrEnum):
    """How the rows of a file are written."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    XLSX = "xlsx"  #: the first sheet that is not hidden


class Place(NamedTuple):
    """Where reading may begin again: how much of the file lies before."""

    bytes: int
    lines: int


START: Final = Place(0, 0)


class _Line(NamedTuple):
    text: str  #: with its end; "" behind the last line
    size: int  #: bytes of the file, those that were cut off included


class _Lines:
    """Reads a file line by line, as a stream; the file stays open."""

    def __init__(self, file: BinaryIO, start: Place) -> None:
        self._text = io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="")
        self._marked = start == START  #: a byte order mark may stand here

    def read(self) -> _Line:
        """Return the next line, cut off behind what makes it too long."""
        text = part = self._text.readline(ROW_LENGTH + 1)
        size = _size(part)
        while len(part) > ROW_LENGTH and part[-1] not in "\r\n":
            part = self._text.readline(ROW_LENGTH + 1)
            size += _size(part)
        if self._marked:
            self._marked, text = False, text.removeprefix(_BYTE_ORDER_MARK)
        return _Line(text, size)

    def close(self) -> None:
        """Let go of the file, which stays open, unless somebody has closed it already."""
        if not self._text.closed:
            self._text.detach()


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="surrogateescape"))


class CsvRows:
    """Reads a CSV file row by row, as a stream; the file stays open.

    A row may span several lines, within quotes. Where a quote is never closed, only the line
    that opens it is lost: those behind it are read again, as rows of their own.

    Reading may begin again behind any row: `file` is to stand at the place where that one ended,
    and `delimiter` is the one that the header had.
    """

    def __init__(self, file: BinaryIO, *, delimiter: str = "", start: Place = START) -> None:
        self.delimiter = delimiter
        self._lines = _Lines(file, start)
        self._cells: Iterator[list[str]] = iter(())
        if delimiter:
            self._cells = csv.reader(_Feed(self), delimiter=delimiter)
        self._again: deque[_Line] = deque()
        self._row: list[_Line] = []  #: lines read for the present row
        self._length = 0  #: their characters
        self._before = start  #: the rows before it
        self._swallowers = 0

    @property
    def line(self) -> int:
        """The line that the present row begins in, from 1."""
        return self._before.lines + 1

    @property
    def behind(self) -> Place:
        """Where the next row begins."""
        if len(self._row) == 1:  # as nearly always, and asked for twice a row
            return Place(self._before.bytes + self._row[0].size, self._before.lines + 1)
        size = sum(line.size for line in self._row)
        return Place(self._before.bytes + size, self._before.lines + len(self._row))

    def read_header(self, wanted: Collection[str]) -> list[str]:
        """Read the first row, and find out its delimiter.

        It is the one that a line `sep=` before the names says; else one by which the row names
        something `wanted` (in lower case), and of several that which makes the most of the row.
        Returns the names without what stands around them. Raises BrokenRowError.
        """
        self.delimiter = self._said() or self._best(wanted)
        self._cells = csv.reader(_Feed(self), delimiter=self.delimiter)
        return named(self.read() or ())

    def _said(self) -> str:
        """Return the delimiter that a line of its own says, "" where there is no such line."""
        line = self._lines.read()
        said = _SAID.fullmatch(line.text)
        if said is None:
            self._again.append(line)
            return ""
        self._row = [line]
        return said["delimiter"]

    def _best(self, wanted: Collection[str]) -> str:
        found = {each: self._names(each) for each in DELIMITERS}

        def worth(delimiter: str) -> tuple[bool, bool, int]:
            names = found[delimiter]
            is_wanted = any(name.lower() in wanted for name in names)
            return is_wanted, not any('"' in name for name in names), len(names)

        return max(found, key=worth)

    def _names(self, delimiter: str) -> list[str]:
        """Return the first row as this delimiter divides it, and have it read again."""
        before, self._before = self._before, self.behind
        row, self._row, self._length = self._row, [], 0
        self._cells = csv.reader(_Feed(self), delimiter=delimiter)
        try:
            return named(next(self._cells, ()))
        except BrokenRowError:
            return []
        finally:
            self._again.extendleft(reversed(self._row))
            self._row, self._before = row, before

    def read(self) -> list[str] | None:
        """Return the cells of the next row, None behind the last.

        Raises BrokenRowError for one that cannot be read, and HopelessError after many of them.
        """
        self._before = self.behind
        self._row, self._length = [], 0
        if self._skip_blank():
            return []
        try:
            return next(self._cells, None)
        except BrokenRowError:
            self._give_back()
            raise

    def _skip_blank(self) -> bool:
        """Read a line without any cell, at less cost than a row: there may be a million."""
        line = self._again.popleft() if self._again else self._lines.read()
        if line.text in _BLANK:
            self._row.append(line)
            return True
        self._again.appendleft(line)
        return False

    def close(self) -> None:
        """Let go of the file, which stays open."""
        self._lines.close()

    def _give_back(self) -> None:
        """Keep the line that a broken row begins in, and have those behind it read again."""
        first, *swallowed = self._row
        self._row = [first]
        self._again.extendleft(reversed(swallowed))
        self._swallowers += bool(swallowed)
        if self._swallowers > _SWALLOWERS:
            raise HopelessError(f"line {self.line}: more than {_SWALLOWERS} quotes are not closed")

    def next_line(self) -> str:
        """Return the next line of the present row, "" behind the last. Raises BrokenRowError."""
        line = self._again.popleft() if self._again else self._lines.read()
        if not line.text and self._row:
            raise BrokenRowError("a quote is opened and never closed")
        if not line.text:
            return ""
        self._row.append(line)
        self._length += len(line.text)
        if self._length > ROW_LENGTH:
            raise BrokenRowError(_too_long(len(self._row)))
        _check_utf8(line.text)
        return line.text


class _Feed:
    """The lines of the present row, for the csv module to ask for."""

    def __init__(self, rows: CsvRows) -> None:
        self._rows = rows

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        if line := self._rows.next_line():
            return line
        raise StopIteration


class _JsonLines:
    """Reads a file with JSON in each line, as a stream; the file stays open."""

    def __init__(self, file: BinaryIO, *, start: Place = START) -> None:
        self._lines = _Lines(file, start)
        self._before = start
        self._size = 0  #: of the present row; 0 before the first

    @property
    def line(self) -> int:
        """The line of the present row, from 1."""
        return self._before.lines + 1

    @property
    def behind(self) -> Place:
        """Where the next row begins."""
        before = self._before
        return Place(before.bytes + self._size, before.lines + bool(self._size))

    def _next(self) -> str:
        """Return the next line, "" behind the last. Raises BrokenRowError."""
        self._before = self.behind
        text, self._size = self._lines.read()
        if len(text) > ROW_LENGTH:
            raise BrokenRowError(_too_long(1))
        _check_utf8(text)
        return text

    def close(self) -> None:
        """Let go of the file, which stays open."""
        self._lines.close()


class JsonRows(_JsonLines):
    """Reads a file with a JSON object in each line."""

    def read(self) -> dict[str, Any] | None:
        """Return the next row, {} of a blank line, None behind the last. Raises BrokenRowError."""
        if not (text := self._next()):
            return None
        return _json_object(text) if text.strip() else {}


class SheetRows(_JsonLines):
    """Reads the rows of a workbook, each a JSON array of texts (workbooks.py)."""

    delimiter = ""

    def read_header(self, wanted: Collection[str]) -> list[str]:
        """Return the names in the first row that is not blank, as CsvRows does."""
        del wanted
        while (cells := self.read()) == []:
            pass
        return named(cells or ())

    def read(self) -> list[str] | None:
        """Return the cells of the next row, those of trailing blanks left out; None at the end."""
        text = self._next()
        cells: list[str] | None = orjson.loads(text) if text else None
        return cells


def _json_object(text: str) -> dict[str, Any]:
    try:
        row = orjson.loads(text)
    except ValueError:
        raise BrokenRowError("is no JSON") from None
    if not isinstance(row, dict) or not row:
        raise BrokenRowError("is no JSON object with members")
    return row


def _check_utf8(text: str) -> None:
    if not text.isascii() and _NO_UTF8.search(text):
        raise BrokenRowError("is not UTF-8 text")


def _too_long(lines: int) -> str:
    if lines > 1:
        return f"a quote is opened and not closed within {ROW_LENGTH} characters"
    return f"has more than {ROW_LENGTH} characters"
