"""The rows of a CSV file that people upload: what is wrong with one row spoils that row only."""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, Final

#: A row is at most that long. What goes on for longer is broken, most likely by an open quote.
ROW_LENGTH: Final = 10_000
DELIMITERS: Final = ",;\t"
#: Rows that swallow others with an open quote. Reading these again must not take for ever.
_SWALLOWERS: Final = 100

_NO_UTF8: Final = re.compile("[\udc80-\udcff]")  # what surrogateescape makes of such bytes


class BrokenRowError(ValueError):
    """Lines that are no row; the message says why."""


class HopelessError(Exception):
    """The file is no CSV; the message says why."""


class CsvRows:
    """Reads a file row by row, as a stream; the file stays open.

    A row may span several lines, within quotes. Where a quote is never closed, only the line
    that opens it is lost: those behind it are read again, as rows of their own.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._text = io.TextIOWrapper(
            file, encoding="utf-8-sig", errors="surrogateescape", newline=""
        )
        self._cells: Iterator[list[str]] = iter(())
        self._again: deque[str] = deque()
        self._row: list[str] = []  #: lines read for the present row
        self._length = 0  #: their characters
        self._before = 0  #: lines of the rows before it
        self._swallowers = 0

    @property
    def line(self) -> int:
        """The line that the present row begins in, from 1."""
        return self._before + 1

    def read_header(self, column: str) -> list[str]:
        """Read the first row and find out its delimiter, by which it names `column`.

        Returns no names where no delimiter does. Raises BrokenRowError.
        """
        for delimiter in DELIMITERS:
            self._cells = csv.reader(_Feed(self), delimiter=delimiter)
            names = [name.strip() for name in self.read() or ()]
            if column in names:
                return names
            self._again.extendleft(reversed(self._row))
            self._row = []
        return []

    def read(self) -> list[str] | None:
        """Return the cells of the next row, None behind the last.

        Raises BrokenRowError for one that cannot be read, and HopelessError after many of them.
        """
        self._before += len(self._row)
        self._row, self._length = [], 0
        try:
            return next(self._cells, None)
        except BrokenRowError:
            self._give_back()
            raise

    def close(self) -> None:
        """Let go of the file, which stays open."""
        self._text.detach()

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
        line = self._again.popleft() if self._again else self._line_of_file()
        if not line and self._row:
            raise BrokenRowError("a quote is opened and never closed")
        if not line:
            return ""
        self._row.append(line)
        self._length += len(line)
        if self._length > ROW_LENGTH:
            raise BrokenRowError(_too_long(len(self._row)))
        if not line.isascii() and _NO_UTF8.search(line):
            raise BrokenRowError("is not UTF-8 text")
        return line

    def _line_of_file(self) -> str:
        """Return the next line, cut off behind what makes it too long."""
        line = part = self._text.readline(ROW_LENGTH + 1)
        while len(part) > ROW_LENGTH and part[-1] not in "\r\n":
            part = self._text.readline(ROW_LENGTH + 1)
        return line


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


def _too_long(lines: int) -> str:
    if lines > 1:
        return f"a quote is opened and not closed within {ROW_LENGTH} characters"
    return f"has more than {ROW_LENGTH} characters"
