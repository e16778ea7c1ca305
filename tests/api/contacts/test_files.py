"""Workbooks, encodings and countries, over HTTP: by an import and by an uploaded list alike."""

import pytest

from functions.engine.ports.store import Query
from tests.api.contacts.test_imports import contacts, imported, send
from tests.api.rig import Rig, numbers
from tests.engine.imports.workbook_files import workbook

A, B = numbers(2)
WORKBOOK = workbook(["number", "first_name"], [A, "José"], [int(B[1:]), "Ben"])


async def test_an_import_says_how_the_file_was_read(rig: Rig) -> None:
    """The encoding and what is doubtful of it stand in the answer, and later in the import."""
    text = f"phone;first_name;a/b\n{A};José;x\n".encode("windows-1252")
    answer = (await send(rig, text)).json()
    assert answer["encoding"] == "cp1252"
    codes = [warning["code"] for warning in answer["warnings"]]
    assert codes == ["ENCODING_TOLD_BY_BYTES", "COLUMN_RENAMED"]
    await rig.settle()
    assert (await rig.get(f"/contacts/imports/{answer['id']}")).json()["warnings"] == (
        answer["warnings"]
    )
    person = (await contacts(rig))[A]
    assert (person["first_name"], person["attributes"]) == ("José", {"a b": "x"})


async def test_a_workbook_is_imported_and_uploaded(rig: Rig) -> None:
    """Both take it, with the country for numbers without a plus."""
    job = await imported(rig, WORKBOOK, name="people.xlsx", default_country="us")
    assert (job["format"], job["created"], job["default_country"]) == ("xlsx", 2, "US")
    assert job["progress"]["percent"] == 100.0
    answer = await rig.http.post(
        "/upload-csv",
        files={"file": ("people.xlsx", WORKBOOK, "application/octet-stream")},
        data={"listName": "Both", "defaultCountry": "US"},
    )
    assert (answer.status_code, answer.json()["imported"]) == (200, 2)


async def test_an_uploaded_list_of_another_encoding_is_read_right(rig: Rig) -> None:
    """Where it can be two things the sender is asked, and may then say which."""
    sure = (await rig.upload(f"sep=;\nNumber;name\n{A};José\n".encode("windows-1252"))).json()
    assert (sure["imported"], sure["warnings"][0]["code"]) == (1, "ENCODING_TOLD_BY_BYTES")
    unsure = f"number,name\n{A},Muñoz\n".encode("windows-1252")
    asked = await rig.upload(unsure)
    assert (asked.status_code, asked.json()["field"]) == (400, "encoding")
    assert "windows-1250 (Muńoz)" in asked.json()["message"]
    files = {"file": ("people.csv", unsure, "text/csv")}
    data = {"listName": "Said", "encoding": "windows-1252"}
    said = (await rig.http.post("/upload-csv", files=files, data=data)).json()
    people = (await rig.get(f"/get-list-contact?listId={said['listId']}")).json()["contacts"]
    assert people[0]["attributes"] == {"name": "Muñoz"}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"encoding": "rot13"}, "encoding"),
        ({"default_country": "XX"}, "default_country"),
        ({"default_country": "Deutschland"}, "default_country"),
        ({"format": "xlsx"}, "file"),
    ],
)
async def test_what_a_form_says_of_the_file_is_checked(
    rig: Rig, fields: dict[str, str], field: str
) -> None:
    """A refusal names the field, and leaves nothing behind."""
    answer = await send(rig, **fields)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert await rig.store.count(Query("orgs/default/imports")) == 0
