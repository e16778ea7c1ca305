"""Workbooks of Excel are imported as tables are, and what is none is refused by name."""

import pytest

from functions.domain.errors import InvalidFieldError
from functions.engine.imports.job import ImportStatus
from functions.engine.imports.row_files import FileFormat
from tests.clock import NOON
from tests.engine.imports.importing import PAGED, bad_rows, counts, imported, names, people, upload
from tests.engine.imports.workbook_files import repacked, workbook
from tests.engine.world import World, number

#: Cells know no zones.
AT = NOON.replace(hour=0, tzinfo=None)
HEADER = ["phone", "first_name", "city", "since", "score"]


async def test_a_workbook_is_imported_as_a_table_is(world: World) -> None:
    """Texts, numbers, dates and truths are kept as they are read; a bad row is told by its line."""
    content = workbook(
        HEADER,
        [number(1), "José", "Bath", AT, 1.5],
        [],
        ["nobody", "Cem"],
        [number(2), "Dan\nOak", None, AT.replace(hour=8, minute=30), 42, None],
        [number(1), "Again"],
        [None, None, " "],
        [number(3), 7, True],
        hidden=True,
    )
    job = await imported(world, content, name="people.xlsx")
    assert (job["format"], job["status"]) == (FileFormat.XLSX, ImportStatus.COMPLETED)
    assert counts(job) == (3, 0, 0, 1, 1)
    assert job["bytes"] == job["bytes_total"]
    assert [row["line"] for row in await bad_rows(world, job["id"])] == [4, 6]
    assert await names(world) == {number(1): "José", number(2): "Dan Oak", number(3): "7"}
    kept = {address: dict(each.attributes) for address, each in (await people(world)).items()}
    assert kept[number(1)] == {"city": "Bath", "since": "2026-03-02", "score": "1.5"}
    assert kept[number(2)] == {"since": "2026-03-02 08:30:00", "score": "42"}
    assert kept[number(3)] == {"city": "true"}


async def test_a_number_that_a_cell_holds_as_a_number_keeps_its_digits(world: World) -> None:
    """However Excel shows it; where it has no plus, the country that was named tells the rest."""
    content = workbook(["phone"], [2025550001], [12025550002.0], ["(202) 555-0003"])
    job = await imported(world, content, default_country="US")
    assert counts(job) == (3, 0, 0, 0, 0)
    assert set(await names(world)) == {number(1), number(2), number(3)}
    assert counts(await imported(world, content)) == (0, 0, 0, 3, 0)


async def test_a_workbook_goes_on_where_its_work_stopped() -> None:
    """Page by page, each begun anew by another worker: nobody is skipped or repeated."""
    async with World(PAGED) as world:
        rows = [[number(n), f"Person {n}"] for n in range(7)]
        job = await imported(world, workbook(["phone", "first_name"], *rows), list_name="All")
        assert counts(job) == (7, 0, 0, 0, 0)
        assert await names(world) == {row[0]: row[1] for row in rows}


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000
REFUSED = {
    "an .xls workbook of Excel 97-2003": OLE,
    "protected by a password": OLE + "EncryptedPackage".encode("utf-16-le") + b"\0" * 500,
    "a zip archive": repacked(b"PK\x05\x06" + b"\0" * 18, **{"people.csv": b"phone\n"}),
    "an OpenDocument file": repacked(b"PK\x05\x06" + b"\0" * 18, **{"content.xml": b"<x/>"}),
    "an .xlsb workbook": repacked(b"PK\x05\x06" + b"\0" * 18, **{"xl/workbook.bin": b"x"}),
    "no .xlsx workbook": b"PK\x03\x04 and nothing else",
    "a PDF": b"%PDF-1.7\n",
    "a web page": b"<html><table><tr><td>phone</td></tr></table>",
    "compressed with gzip": b"\x1f\x8b\x08\0\0\0\0\0",
    "packed tighter than any table": repacked(
        workbook(["phone"], [number(1)]), **{"xl/worksheets/sheet9.xml": b"\0" * 10_000_000}
    ),
    "too large once it is unpacked": repacked(
        workbook(["phone"], [number(1)]), **{"xl/sharedStrings.xml": b"<a/>" * 16_000_000}
    ),
    "needs a column phone or email": workbook(["name"], ["Ann"]),
    "the workbook is broken": repacked(
        workbook(["phone"], [number(1)]), **{"xl/worksheets/sheet1.xml": b"<worksheet><sheetData>"}
    ),
}


@pytest.mark.parametrize("problem", REFUSED)
async def test_what_is_no_workbook_is_refused_by_name(world: World, problem: str) -> None:
    """The sentence says what the file is, and what to do."""
    with pytest.raises(InvalidFieldError, match=problem):
        await upload(world, REFUSED[problem])


async def test_json_lines_are_no_workbook(world: World) -> None:
    """A format that was named and is not the file's is refused."""
    with pytest.raises(InvalidFieldError, match="is not of the format jsonl"):
        await upload(world, workbook(["phone"]), format=FileFormat.JSON_LINES)
    with pytest.raises(InvalidFieldError, match="is not of the format xlsx"):
        await upload(world, "phone\n", format=FileFormat.XLSX)
