"""Whatever people upload, the good rows make a list and the bad ones are told by line."""

import random
import tracemalloc
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from functions.engine.imports import list_upload
from functions.engine.ports.store import ConflictError, Query
from tests.api.conftest import MakeRig
from tests.api.rig import Rig, numbers
from tests.engine.stored_lists import rows_on

A, B, C = numbers(3)


async def shown(rig: Rig, list_id: str) -> list[Any]:
    """Return everybody on a list."""
    answer = await rig.get(f"/get-list-contact?listId={list_id}&limit=1000")
    assert answer.status_code == 200
    contacts: list[Any] = answer.json()["contacts"]
    return contacts


async def imported(rig: Rig, content: str | bytes) -> tuple[set[str], list[tuple[int, str]]]:
    """Upload; return the numbers that were kept, and line and error of every row that was not."""
    answer = await rig.upload(content)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    people = await shown(rig, body["listId"])
    assert len(people) == body["imported"]
    assert len(body["errors"]) == body["invalid"] + body["duplicates"]
    errors = [(error["line"], error["error"]) for error in body["errors"]]
    return {person["number"] for person in people}, errors


async def test_an_upload_makes_a_list(rig: Rig) -> None:
    """The answer has listId and counts; columns other than number are kept as attributes."""
    content = f"name,number,timezone,city\nAna,{A},Europe/Madrid,\nBen,{B},,Bath\n"
    answer = await rig.upload(content, name=" Neighbours ")
    list_id = answer.json()["listId"]
    assert answer.json() == {
        "status": 200,
        "message": "2 contact(s) imported",
        "listId": list_id,
        "listName": "Neighbours",
        "imported": 2,
        "duplicates": 0,
        "invalid": 0,
        "errors": [],
    }
    people = {person["number"]: person for person in await shown(rig, list_id)}
    ana = {"number": A, "timezones": ["Europe/Madrid"], "attributes": {"name": "Ana"}}
    assert people[A] == ana
    assert people[B]["timezones"] == ["America/New_York"]
    assert people[B]["attributes"] == {"name": "Ben", "city": "Bath"}


async def test_bad_rows_are_told_by_line_and_good_ones_kept(rig: Rig) -> None:
    """One bad row, or many, cost nobody else their place on the list."""
    content = f"number,name\n{A},Ana\n12025550100,no plus\n\n,empty\n{B},x,y\n{C},Cem\n+1,short\n"
    kept, errors = await imported(rig, content)
    assert kept == {A, C}
    assert errors == [
        (3, "number: must be in E.164 format, starting with + and the country code"),
        (5, "number: is empty"),
        (6, "has 3 cells, the first line has 2"),
        (8, "number: is not a phone number"),
    ]


async def test_one_good_row_among_a_thousand_bad_ones(rig: Rig) -> None:
    """The bad rows are counted, the first thousand of them told, and the good one is kept."""
    content = "number\n" + "bad\n" * 1500 + A + "\n"
    answer = await rig.upload(content)
    body = answer.json()
    assert (body["imported"], body["invalid"], len(body["errors"])) == (1, 1500, 1000)


async def test_duplicates_are_kept_once(make_rig: MakeRig) -> None:
    """A number that stands twice, however it is written and however far apart, is kept once."""
    rig = make_rig(launch_page=2)
    spaced = "+1 (212) 555-2000"
    kept, errors = await imported(rig, f"number\n{A}\n{spaced}\n{B}\n{C}\n{A}\n{B}\n")
    assert kept == {A, B, C}
    assert [line for line, _ in errors] == [3, 6, 7]
    assert errors[0][1] == f"number: {A} stands in an earlier row"


@pytest.mark.parametrize(
    "content",
    [
        f"\ufeffnumber,name\r\n{A},Ana\r\n{B},Ben\r\n".encode(),
        f"number,name\r{A},Ana\r{B},Ben".encode(),
        f'"number","name"\n"{A}","Ana"\n"{B}","Ben"'.encode(),
        f" number ,name,,\n {A} ,Ana,,\n{B},Ben,,\n".encode(),
        f"number;name\n{A};Ana\n{B};Ben\n".encode(),
        f"name\tnumber\nAna\t{A}\nBen\t{B}\n".encode(),
        f"name,number\nAna,{A}\nBen,{B}\n\n\n , \n".encode(),
    ],
    ids=["Excel", "old Mac", "quoted", "padded", "semicolons", "tabs", "blank end"],
)
async def test_files_as_programs_write_them(rig: Rig, content: bytes) -> None:
    """Byte order mark, line ends, quotes, padding and delimiters of the usual programs are read."""
    answer = await rig.upload(content)
    people = await shown(rig, answer.json()["listId"])
    told = {person["number"]: person["attributes"] for person in people}
    assert told == {A: {"name": "Ana"}, B: {"name": "Ben"}}
    assert answer.json()["errors"] == []


async def test_a_quoted_cell_may_span_lines(rig: Rig) -> None:
    """A line break within quotes belongs to its cell; lines are told as an editor counts them."""
    content = f'number,address\n{A},"1 Road\nTown"\nbad,x\n{B},"He said ""hi"""\n'
    kept, errors = await imported(rig, content)
    assert kept == {A, B}
    assert [line for line, _ in errors] == [4]


async def test_an_unclosed_quote_spoils_its_row_only(rig: Rig) -> None:
    """A quote that is never closed costs one row, not all that stand behind it."""
    people = numbers(900)
    rows = [*people[:2], f'"{people[2]}', *people[3:]]
    kept, errors = await imported(rig, "\n".join(("number", *rows)))
    assert kept == set(people) - {people[2]}
    assert errors == [(4, "a quote is opened and not closed within 10000 characters")]
    kept, errors = await imported(rig, f'number\n{A}\n"{B}\n{C}')
    assert kept == {A, C}
    assert errors == [(3, "a quote is opened and never closed")]


async def test_very_many_unclosed_quotes_refuse_the_file(rig: Rig) -> None:
    """A file made to be read again and again is given up, soon."""
    content = "number,x\n" + '"a","\n' * 200_000
    answer = await rig.upload(content)
    assert answer.status_code == 400
    assert answer.json()["message"] == "file: line 102: more than 100 quotes are not closed"


async def test_an_endless_line_spoils_its_row_only(rig: Rig) -> None:
    """A line of megabytes is told as too long, and the lines behind it are read."""
    content = f"number,name\n{A},Ana\n{B},{'x' * 5_000_000}\n{C},Cem\n"
    kept, errors = await imported(rig, content)
    assert kept == {A, C}
    assert errors == [(3, "has more than 10000 characters")]


async def test_bytes_that_are_not_utf8_spoil_their_row_only(rig: Rig) -> None:
    """A row in Latin-1 among others is told, rather than kept with a name that nobody has."""
    rows = f"number,name\n{A},Aña\n".encode(), f"{B},José\n".encode("latin-1"), f"{C},Cem".encode()
    content = b"".join(rows)
    kept, errors = await imported(rig, content)
    assert kept == {A, C}
    assert errors == [(3, "is not UTF-8 text")]


async def test_other_scripts_are_kept_as_they_are(rig: Rig) -> None:
    """Names of any script come back as they were written."""
    names = {A: "José 春 🌸", B: "نور", C: "=1+1"}
    rows = [f"{number},{name}" for number, name in names.items()]
    answer = await rig.upload("\n".join(("number,name", *rows)))
    people = await shown(rig, answer.json()["listId"])
    assert {person["number"]: person["attributes"]["name"] for person in people} == names


async def test_a_control_character_spoils_its_row(rig: Rig) -> None:
    """A NUL is told with its column, and reaches neither the store nor a provider."""
    kept, errors = await imported(rig, f"number,name\n{A},a\0b\n{B}\x1b,\n{C},Cem\n")
    assert kept == {C}
    assert errors == [
        (2, "name: holds control characters"),
        (3, "number: holds control characters"),
    ]


async def test_an_unknown_zone_spoils_its_row(rig: Rig) -> None:
    """A timezone that does not exist is told, not taken for the number's own."""
    content = f"number,timezone\n{A},Mars/Olympus\n{B},../../etc/passwd\n{C},Europe/Paris\n"
    kept, errors = await imported(rig, content)
    assert kept == {C}
    assert errors[0] == (2, "timezone: there is no zone 'Mars/Olympus'")


async def test_a_zone_of_one_machine_spoils_its_row(rig: Rig) -> None:
    """What a machine calls its local time is no zone that others know."""
    content = f"number,timezone\n{A},localtime\n{B},Factory\n{C},Europe/Paris\n"
    kept, errors = await imported(rig, content)
    assert kept == {C}
    told = [f"timezone: there is no zone '{name}'" for name in ("localtime", "Factory")]
    assert errors == list(enumerate(told, start=2))


MEGABYTES = 1_500_000
JUNK: dict[str, Callable[[], bytes]] = {
    "random bytes": lambda: random.Random(5).randbytes(MEGABYTES),  # noqa: S311 - junk is no secret
    "NULs": lambda: bytes(MEGABYTES),
    "one endless line": lambda: b"x" * MEGABYTES,
    "an endless quote": lambda: b'"' + b"x\n" * (MEGABYTES // 2),
    "no header": lambda: b"+12125552000\n" * (MEGABYTES // 13),
    "another column": lambda: b"phone\n" + b"+12125552000\n" * (MEGABYTES // 13),
    "all rows bad": lambda: b"number\n" + b"nobody\n" * (MEGABYTES // 7),
    "all lines blank": lambda: b"number\n" + b"\n" * MEGABYTES,
    "all cells": lambda: b"number" + b"," * MEGABYTES,
    "a picture": lambda: b"\x89PNG\r\n\x1a\n" + b"\x00\xff" * (MEGABYTES // 2),
    "an old workbook": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * MEGABYTES,
    "a zip": lambda: b"PK\x03\x04" + b"\0" * MEGABYTES,
    "nothing": lambda: b"",
    "a header alone": lambda: b"number,name\n",
    "a column twice": lambda: b"number,name,name\n+12125552000,a,b\n",
    "101 columns": lambda: b"number," + b",".join(b"c%d" % n for n in range(100)) + b"\n+1,2\n",
    "a reserved column": lambda: b"number,__name__\n+12125552000,a\n",
    "a long column": lambda: b"number," + b"a" * 101 + b"\n+12125552000,a\n",
}


@pytest.mark.parametrize("kind", JUNK)
async def test_junk_is_refused_with_a_sentence(rig: Rig, kind: str) -> None:
    """5 MB of junk is answered 400 with what is wrong, and leaves nothing behind."""
    answer = await rig.upload(JUNK[kind]())
    body = answer.json()
    assert (answer.status_code, body["status"], body["field"]) == (400, 400, "file")
    assert 10 < len(body["message"]) < 300
    assert await rig.store.count(Query("orgs/default/lists")) == 0


@pytest.mark.parametrize("count", [100, 2])
async def test_a_too_large_file_is_refused(make_rig: MakeRig, count: int) -> None:
    """A file over CSV_MAX_BYTES is refused with 413, and nothing of it is stored."""
    rig = make_rig(csv_max_bytes=20_000)
    content = "number,name\n" + "".join(f"{n},{'a' * (40_000 // count)}\n" for n in numbers(count))
    answer = await rig.upload(content)
    assert (answer.status_code, answer.json()["status"]) == (413, 413)
    assert await rig.store.count(Query("orgs/default/lists")) == 0
    assert (await rig.upload("number\n" + "\n".join(numbers(1000)))).status_code == 200


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"data": {"listName": "L"}}, "file"),
        ({"data": {"listName": "L", "file": "number\n+12125552000"}}, "file"),
        ({"files": {"file": ("a.csv", b"number\n")}}, "listName"),
        ({"files": {"file": ("a.csv", b"number\n")}, "data": {"listName": ""}}, "listName"),
        ({"files": {"file": ("a.csv", b"number\n")}, "data": {"listName": "  "}}, "listName"),
        ({"files": {"file": ("a.csv", b"number\n")}, "data": {"listName": "a" * 101}}, "listName"),
        ({"content": b"number\n+12125552000\n", "headers": {"content-type": "text/csv"}}, "file"),
        ({"json": {"listName": "L"}}, "file"),
    ],
)
async def test_an_upload_that_is_no_form(rig: Rig, request_: dict[str, Any], field: str) -> None:
    """An upload without its file or its listName is refused by the name of what is missing."""
    answer = await rig.http.post("/upload-csv", **request_)
    assert answer.status_code == 400
    assert field in {error["field"] for error in answer.json().get("errors", [answer.json()])}


async def test_a_broken_form_is_refused(rig: Rig) -> None:
    """Bytes that are no multipart form get a 400, not an error of ours."""
    headers = {"content-type": "multipart/form-data; boundary=x"}
    for content in (b"", b"--y\r\n", b"--x\r\nnonsense", b"\x00" * 1000):
        answer = await rig.http.post("/upload-csv", content=content, headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (400, 400)


async def test_a_list_is_shown_page_by_page(rig: Rig) -> None:
    """Following nextCursor shows each person once."""
    list_id = await rig.make_list(numbers(5))
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await rig.get(f"/get-list-contact?listId={list_id}&limit=2&cursor={cursor}")
        assert answer.json()["totalContacts"] == 5
        seen += [person["number"] for person in answer.json()["contacts"]]
        cursor = answer.json()["nextCursor"]
    assert sorted(seen) == numbers(5)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "listId"),
        ("listId=", "listId"),
        ("listId=a/b", "listId"),
        ("listId=a&limit=0", "limit"),
        ("listId=a&limit=2001", "limit"),
        ("listId=a&limit=ten", "limit"),
        ("listId=LIST&cursor=../x", "cursor"),
        ("listId=a&cursor=" + "a" * 65, "cursor"),
    ],
)
async def test_a_page_that_cannot_be_is_refused(rig: Rig, query: str, field: str) -> None:
    """Nonsense in a query is refused by the name of the parameter."""
    list_id = await rig.make_list(numbers(1))
    answer = await rig.get(f"/get-list-contact?{query.replace('LIST', list_id)}")
    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_a_broken_import_leaves_no_list(rig: Rig, mocker: MockerFixture) -> None:
    """Where the store fails in the middle of an import there is no list, and the answer says so."""
    commits = iter([rig.store.commit])

    async def commit_once(*writes: Any) -> list[int]:
        for commit in commits:
            return await commit(*writes)
        raise ConflictError("full")

    mocker.patch.object(rig.store, "commit", commit_once)
    answer = await rig.upload("number\n" + "\n".join(numbers(2000)))
    assert (answer.status_code, answer.json()["status"]) == (503, 503)
    assert await rig.store.count(Query("orgs/default/lists")) == 0


@pytest.mark.slow
async def test_twenty_thousand_rows_keep_memory_flat(make_rig: MakeRig, tmp_path: Path) -> None:
    """An import holds one page of its file: ten times the rows need hardly more memory."""
    rig = make_rig(store_url=f"sqlite:///{tmp_path}/clarion.db")
    peaks = []
    for rows in (2_000, 20_000):
        file = _file_of(rows)
        tracemalloc.start()
        try:
            result = await list_upload.import_csv(rig.stack.engine, "default", f"{rows}", file)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert (result.imported, result.duplicates, result.invalid) == (rows, 0, 0)
    # Held together, 18,000 rows more would be over 20 MB.
    assert peaks[1] - peaks[0] < 10_000_000
    assert len(await rows_on(rig.store, "default", result.list_id)) == 20_000


def _file_of(rows: int) -> BytesIO:
    people = (f"+1212{n // 10_000 + 200:03}{n % 10_000:04},Person {n}\n" for n in range(rows))
    return BytesIO(("number,name\n" + "".join(people)).encode())
