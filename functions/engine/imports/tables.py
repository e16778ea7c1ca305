"""Tables that people upload: what kind of file one is, and the rows that stand in it."""

from collections.abc import Collection
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Final, NamedTuple, TypeAlias, cast

from functions.domain.errors import InvalidFieldError
from functions.domain.warnings import InputWarning
from functions.engine.imports import workbooks
from functions.engine.imports.byte_files import file_of, in_utf8
from functions.engine.imports.encodings import UTF8, Sampler
from functions.engine.imports.row_files import (
    BrokenRowError,
    CsvRows,
    FileFormat,
    HopelessError,
    SheetRows,
)

TableRows: TypeAlias = CsvRows | SheetRows

#: The first line is looked for in so many bytes; it is shorter, or no row (row_files.ROW_LENGTH).
_HEAD: Final = 65_536
_IN_MEMORY: Final = 1_000_000  #: bytes of a workbook; what is more lies on disk
_PIECE: Final = 65_536


class Kind(NamedTuple):
    """What a file is, and what is doubtful of that."""

    format: FileFormat
    encoding: str  #: "" of a workbook
    warnings: list[InputWarning]


class Inspector:
    """Looks at a file as it comes in, and tells what it is."""

    def __init__(self) -> None:
        self._begin = b""
        self._sampler = Sampler()

    def feed(self, data: bytes) -> None:
        """Look at the next bytes."""
        if len(self._begin) < workbooks.MAGIC:
            self._begin += data[: workbooks.MAGIC - len(self._begin)]
        if not self.is_packed:
            self._sampler.feed(data)

    @property
    def is_packed(self) -> bool:
        """Whether it is no text, but may be a workbook."""
        return self._begin.startswith((workbooks.ZIP, workbooks.COMPOUND))

    def kind(self, expected: FileFormat, encoding: str) -> Kind:
        """Return what the file is, where its sender expects a format and perhaps an encoding.

        Raises InvalidFieldError.
        """
        if self.is_packed and expected is not FileFormat.JSON_LINES:
            return Kind(FileFormat.XLSX, "", [])
        if self.is_packed or expected is FileFormat.XLSX:
            raise InvalidFieldError("file", f"file: is not of the format {expected}")
        workbooks.refuse_others(self._begin)
        return Kind(expected, *self._sampler.decide(encoding))


class Head:
    """The beginning of a file that comes in, or all of it where it is a workbook."""

    def __init__(self) -> None:
        self._inspector = Inspector()
        self._file: BinaryIO = BytesIO()

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self._inspector.feed(data)
        if self._inspector.is_packed:
            if isinstance(self._file, BytesIO):
                whole = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed with this head
                whole.write(self._file.getvalue())
                self._file = cast(BinaryIO, whole)
            self._file.write(data)
        else:
            self._file.write(data[: max(0, _HEAD - self._file.tell())])

    def kind(self, expected: FileFormat, encoding: str) -> Kind:
        """Return what the file is. Raises InvalidFieldError."""
        return self._inspector.kind(expected, encoding)

    def rows(self, kind: Kind) -> TableRows:
        """Return the rows of a table, as far as they are here. Raises InvalidFieldError."""
        self._file.seek(0)
        return rows_of(self._file, kind)

    def close(self) -> None:
        """Let go of what has come in."""
        self._file.close()


def inspect(file: BinaryIO, encoding: str) -> Kind:
    """Return what a whole file is. Raises InvalidFieldError."""
    inspector = Inspector()
    while data := file.read(_PIECE):
        inspector.feed(data)
    file.seek(0)
    return inspector.kind(FileFormat.CSV, encoding)


def rows_of(file: BinaryIO, kind: Kind) -> TableRows:
    """Return the rows of a table. Raises InvalidFieldError where it is no workbook to be read."""
    if kind.format is FileFormat.XLSX:
        workbooks.check(file)
        return SheetRows(file_of(workbooks.pieces(file)))
    return CsvRows(file if kind.encoding == UTF8 else in_utf8(file, kind.encoding))


def header_of(rows: TableRows, wanted: Collection[str]) -> list[str]:
    """Return the names of a table's columns. Raises InvalidFieldError."""
    try:
        return rows.read_header(wanted)
    except BrokenRowError as error:
        raise InvalidFieldError("file", f"file: the first line is no CSV: {error}") from None
    except HopelessError as error:
        raise InvalidFieldError("file", f"file: {error}") from None
