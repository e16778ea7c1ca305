"""Excel's own files: the first sheet of a workbook, a row of cells at a time.

Each row becomes a line of JSON, an array of texts: so a row's line is its number in the sheet, and
its file is read on at any place as every other one.
"""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime, time
from itertools import islice
from typing import Any, BinaryIO, Final

import orjson

from functions.domain.contacts.import_row import COLUMNS
from functions.domain.errors import InvalidFieldError
from functions.engine.imports.row_files import HopelessError

ZIP: Final = b"PK\x03\x04"
#: What Excel wrote until 2003, and what it still wraps around a workbook that has a password.
COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAGIC: Final = len(COMPOUND)
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
#: Other files that are uploaded by mistake, by how they begin.
_OTHERS: Final = {
    b"\x1f\x8b": "is compressed with gzip; unpack it first",
    b"%PDF": "is a PDF; export the table as CSV or .xlsx",
    b"<htm": "is a web page; save it as CSV or .xlsx",
    b"<HTM": "is a web page; save it as CSV or .xlsx",
    b"<!DO": "is a web page; save it as CSV or .xlsx",
    b"<tab": "is a web page; save it as CSV or .xlsx",
    b"<?xm": "is XML; save it as CSV or .xlsx",
    b"{\\rt": "is a text document (RTF); save it as CSV or .xlsx",
}
_IN_ZIPS: Final = {
    "xl/workbook.bin": "is an .xlsb workbook; save it as .xlsx or CSV",
    "content.xml": "is an OpenDocument file; save it as .xlsx or CSV",
    "Index/Document.iwa": "is a Numbers document; export it as .xlsx or CSV",
    "word/document.xml": "is a Word document; save its table as .xlsx or CSV",
}
_WORKBOOK: Final = "xl/workbook.xml"
#: Bytes that a workbook may have unpacked: what is streamed, and what is held while it is read.
_UNPACKED: Final = 500_000_000
_HELD: Final = 60_000_000
#: Nobody's table is packed tighter than that; a bomb is.
_TIGHTEST: Final = 200
_SMALL: Final = 1_000_000
_PIECE: Final = 65_536
_COLUMNS: Final = COLUMNS + 1  #: cells of a row that are looked at
_ROWS: Final = 1_048_576  #: of a sheet at most
_EMPTY: Final = b"[]\n"


def refuse_others(begin: bytes) -> None:
    """Raise InvalidFieldError for a file that is no text and no workbook, by how it begins."""
    for mark, problem in _OTHERS.items():
        if begin.startswith(mark):
            raise InvalidFieldError("file", f"file: {problem}")


def check(file: BinaryIO) -> None:
    """Raise InvalidFieldError unless a file is a workbook that may be read."""
    begin = file.read(MAGIC)
    file.seek(0)
    if begin == COMPOUND:
        raise _no_workbook(_in_compound(file.read()))
    try:
        with zipfile.ZipFile(file) as packed:
            _check_parts(packed.infolist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise _no_workbook(f"is no .xlsx workbook: {error}") from None
    finally:
        file.seek(0)


def _no_workbook(problem: str) -> InvalidFieldError:
    return InvalidFieldError("file", f"file: {problem}")


def _in_compound(data: bytes) -> str:
    if _ENCRYPTED in data:
        return "is protected by a password; save it without one"
    return "is an .xls workbook of Excel 97-2003; save it as .xlsx or CSV"


def _check_parts(parts: Sequence[zipfile.ZipInfo]) -> None:
    names = {part.filename for part in parts}
    if _WORKBOOK not in names:
        others = (problem for name, problem in _IN_ZIPS.items() if name in names)
        raise _no_workbook(next(others, "is a zip archive and no .xlsx workbook; unpack it first"))
    if any(part.flag_bits & 1 for part in parts):
        raise _no_workbook("is protected by a password; save it without one")
    held = sum(part.file_size for part in parts if not _is_sheet(part))
    if sum(part.file_size for part in parts) > _UNPACKED or held > _HELD:
        raise _no_workbook("is too large once it is unpacked; save it as CSV")
    if any(_is_bomb(part) for part in parts):
        raise _no_workbook("is packed tighter than any table; save it as CSV")


def _is_sheet(part: zipfile.ZipInfo) -> bool:
    return part.filename.startswith(("xl/worksheets/", "xl/media/"))


def _is_bomb(part: zipfile.ZipInfo) -> bool:
    return part.file_size > _SMALL and part.file_size > _TIGHTEST * part.compress_size


def unpacked(file: BinaryIO) -> Iterator[bytes]:
    """Yield the same of a workbook that can only be read from its beginning to its end."""
    with tempfile.TemporaryFile() as whole:
        shutil.copyfileobj(file, whole)
        whole.seek(0)
        yield from pieces(whole)


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """Yield the rows of a workbook's first sheet, as lines of JSON, a piece of many at a time.

    Raises HopelessError where it cannot be read on.
    """
    piece = bytearray()
    try:
        for line in _lines(file):
            piece += line
            if len(piece) > _PIECE:
                yield bytes(piece)
                piece.clear()
    except HopelessError:
        raise
    except Exception as error:  # whatever openpyxl, its parser and zipfile raise for a broken part
        raise HopelessError(f"the workbook is broken: {error}") from error
    yield bytes(piece)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    from openpyxl import load_workbook

    book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    try:
        seen = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not seen:
            raise HopelessError("the workbook has no sheet that can be seen")
        # What a workbook says of its own size is not always so.
        seen[0].reset_dimensions()
        rows = seen[0].iter_rows(max_col=_COLUMNS, values_only=True)
        yield from (_line(row) for row in islice(rows, _ROWS))
    finally:
        book.close()


def _line(row: Sequence[Any]) -> bytes:
    if not any(cell is not None for cell in row):
        return _EMPTY
    texts = [_text(cell) for cell in row]
    while texts and not texts[-1]:
        texts.pop()
    return orjson.dumps(texts, option=orjson.OPT_APPEND_NEWLINE) if texts else _EMPTY


def _text(value: Any) -> str:
    """Return what stands in a cell: a number in all of its digits, whatever its format."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return str(int(value)) if value.is_integer() else f"{value:.15g}"
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case _:
            return str(value).encode(errors="replace").decode()
