"""A file of contacts, sent in over HTTP: taken in as a stream, worked off, told of, and undone."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from functions.engine.imports.upload import CHUNK
from functions.engine.ports.store import Query
from tests.api.conftest import MakeRig
from tests.api.rig import Rig, numbers, token

A, B, C = numbers(3)
CSV = f"phone,firstname,city\n{A},Ana,Boston\n{B},Ben,\nnobody,Cem,Rome\n{A},Eve,Bonn\n"
IMPORTS = "/contacts/imports"


async def send(
    rig: Rig,
    content: str | bytes = CSV,
    *,
    name: str = "people.csv",
    kind: str = "text/csv",
    key: str = "",
    **fields: str,
) -> httpx.Response:
    """Send a file."""
    headers = {"idempotency-key": key} if key else {}
    files = {"file": (name, content, kind)}
    return await rig.http.post(IMPORTS, files=files, data=fields, headers=headers)


async def imported(rig: Rig, content: str | bytes = CSV, **more: str) -> dict[str, Any]:
    """Send a file, let it be worked off, and return the import."""
    answer = await send(rig, content, **more)
    assert answer.status_code == 202, answer.text
    await rig.settle()
    return await shown(rig, answer.json()["id"])


async def shown(rig: Rig, id_: str) -> dict[str, Any]:
    """Ask for an import."""
    answer = await rig.get(f"{IMPORTS}/{id_}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"]
    seen: dict[str, Any] = answer.json()
    return seen


async def contacts(rig: Rig) -> dict[str, Any]:
    """Ask for all contacts, by address."""
    people = (await rig.get("/contacts?limit=1000")).json()["data"]
    return {each["phone"] or each["email"]: each for each in people}


async def test_a_file_is_accepted_and_worked_off(rig: Rig) -> None:
    """The answer is 202 with the job, which tells its progress, counts and bad rows."""
    answer = await send(rig, list_name=" Spring ")
    assert answer.status_code == 202
    accepted = answer.json()
    assert (accepted["status"], accepted["progress"]["rows"]) == ("queued", 0)
    assert answer.headers["etag"]
    await rig.settle()
    job = await shown(rig, accepted["id"])
    assert job == {
        **accepted,
        "status": "completed",
        "progress": {
            "rows": 4,
            "bytes": len(CSV),
            "bytes_total": len(CSV),
            "percent": 100.0,
        },
        "created": 2,
        "invalid": 1,
        "duplicates": 1,
        "started_at": "2026-03-02T12:00:00.000Z",
        "ended_at": "2026-03-02T12:00:00.000Z",
        "undo_until": "2026-04-01T12:00:00.000Z",
    }
    assert (job["name"], job["format"], job["created_by"]) == ("people.csv", "csv", "local")
    people = (await rig.get(f"/lists/{job['list_id']}")).json()
    assert (people["name"], people["size"]) == ("Spring", 2)
    ana = (await contacts(rig))[A]
    assert (ana["first_name"], ana["attributes"]) == ("Ana", {"city": "Boston"})


async def test_bad_rows_are_listed_page_by_page(rig: Rig) -> None:
    """Line, column and reason of each; following next_cursor shows all."""
    job = await imported(rig)
    first = (await rig.get(f"{IMPORTS}/{job['id']}/errors?limit=1")).json()
    assert first["data"] == [
        {
            "line": 4,
            "column": "phone",
            "reason": "phone: must be in E.164 format, starting with + and the country code",
            "kind": "invalid",
        }
    ]
    cursor = first["next_cursor"]
    second = (await rig.get(f"{IMPORTS}/{job['id']}/errors?limit=1&cursor={cursor}")).json()
    assert second == {
        "data": [
            {
                "line": 5,
                "column": None,
                "reason": "is about somebody of an earlier row",
                "kind": "duplicate",
            }
        ],
        "next_cursor": None,
    }


async def test_imports_are_listed_the_newest_first(rig: Rig) -> None:
    """Following next_cursor shows each once."""
    ids = []
    for _ in range(3):
        ids.append((await imported(rig))["id"])
        await rig.clock.sleep(1)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await rig.get(f"{IMPORTS}?limit=2&cursor={cursor}")).json()
        seen += [each["id"] for each in page["data"]]
        cursor = page["next_cursor"]
    assert seen == ids[::-1]


async def test_columns_are_mapped(rig: Rig) -> None:
    """The form may come with its fields before or after the file."""
    content = f"Tel,Ort,Notiz\n{A},Bonn,x\n".encode()
    mapping = b'{"Tel": "phone", "Ort": "location", "Notiz": ""}'
    part = b'--x\r\ncontent-disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    file = part % (b"file", b'; filename="a.csv"', content)
    mapped = part % (b"mapping", b"", mapping)
    for body in (file + mapped, mapped + file):
        headers = {"content-type": "multipart/form-data; boundary=x"}
        answer = await rig.http.post(IMPORTS, content=body + b"--x--\r\n", headers=headers)
        assert answer.status_code == 202, answer.text
        await rig.settle()
    person = (await contacts(rig))[A]
    assert (person["location"], person["attributes"]) == ("Bonn", {})


@pytest.mark.parametrize(
    ("more", "format_"),
    [
        ({"name": "a.jsonl", "kind": "application/octet-stream"}, "jsonl"),
        ({"name": "a", "kind": "application/x-ndjson; charset=utf-8"}, "jsonl"),
        ({"format": "jsonl"}, "jsonl"),
        ({"name": "a.jsonl", "format": "csv"}, "csv"),
        ({"name": "a.txt", "kind": "text/plain"}, "csv"),
    ],
)
async def test_the_format_is_told_by_the_form_the_type_or_the_name(
    rig: Rig, more: dict[str, str], format_: str
) -> None:
    """What the form says goes before the content type and the name; else it is CSV."""
    content = f'{{"phone": "{A}"}}\n' if format_ == "jsonl" else f"phone\n{A}\n"
    job = await imported(rig, content, **more)
    assert (job["format"], job["created"]) == (format_, 1)


async def test_a_large_file_is_stored_in_chunks_that_stores_take(make_rig: MakeRig) -> None:
    """Its chunks are stored as they come in, and removed when it is worked off."""
    rig = make_rig()
    rows = "".join(f"{number},{'é' * 900}\n" for number in numbers(1500))
    content = ("phone,note\n" + rows).encode()

    async def body() -> AsyncIterator[bytes]:
        yield b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        for start in range(0, len(content), 120_000):
            yield content[start : start + 120_000]
            stored = await rig.store.count(Query("orgs/default/imports"))
            assert stored == (start + 120_000 > CHUNK)
        yield b"\r\n--x--\r\n"

    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = await rig.http.post(IMPORTS, content=body(), headers=headers)
    assert answer.status_code == 202, answer.text
    chunks = f"orgs/default/imports/{answer.json()['id']}/chunks"
    stored = await rig.store.query(Query(chunks))
    assert len(stored) == len(content) // CHUNK + 1
    assert all(len(each.data["data"].encode()) < 1_000_000 for each in stored)
    await rig.settle()
    assert (await shown(rig, answer.json()["id"]))["created"] == 1500
    assert await rig.store.count(Query(chunks)) == 0


async def test_a_too_large_file_is_refused(make_rig: MakeRig) -> None:
    """A file over CSV_MAX_BYTES is refused with 413, and nothing of it is left."""
    rig = make_rig(csv_max_bytes=2 * CHUNK)
    answer = await send(rig, "phone\n" + "x" * 3 * CHUNK)
    assert answer.status_code == 413
    assert await rig.store.count(Query("orgs/default/imports")) == 0


async def test_an_import_that_breaks_off_leaves_nothing(rig: Rig) -> None:
    """A request that ends before its form does is refused, and what has come in is removed."""
    head = b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    headers = {"content-type": "multipart/form-data; boundary=x"}
    content = head + b"phone\n" + b"x" * 2 * CHUNK
    answer = await rig.http.post(IMPORTS, content=content, headers=headers)
    assert answer.status_code == 400
    assert await rig.store.count(Query("orgs/default/imports")) == 0


@pytest.mark.parametrize(
    ("content", "fields", "field", "problem"),
    [
        ("", {}, "file", "file: is empty"),
        ("name\nAna\n", {}, "file", "file: needs a column phone or email"),
        (CSV, {"format": "xls"}, "format", "format: must be one of csv, jsonl"),
        (CSV, {"mapping": "{"}, "mapping", "mapping: must be a JSON object"),
        (CSV, {"mapping": '["a"]'}, "mapping", "mapping: must be a JSON object"),
        (CSV, {"mapping": '{"city": 1}'}, "mapping", "mapping: must be a JSON object"),
        (CSV, {"mapping": '{"city": "town"}'}, "mapping", "mapping: 'city': must be one of"),
        (CSV, {"mapping": '{"Stadt": ""}'}, "mapping", "mapping: there is no column 'Stadt'"),
        (CSV, {"mapping": '{"x": "' + "y" * 70_000 + '"}'}, "mapping", "mapping: has more than"),
        (CSV, {"on_existing": "drop"}, "on_existing", "on_existing: must be one of update, keep"),
        (CSV, {"list_name": "x" * 101}, "list_name", "list_name: has more than 100 characters"),
        (CSV, {"list_id": "a/b"}, "list_id", "list_id: is not the id of a list"),
        (CSV, {"list_id": "__a__"}, "list_id", "list_id: is not the id of a list"),
        (CSV, {"list_id": "a", "list_name": "b"}, "list_id", "list_id: cannot go with list_name"),
        (CSV, {"lst_id": "a"}, "lst_id", "lst_id: is not a field of this form"),
        (CSV, {"file": "a"}, "file", "file: must be a file"),
    ],
)
async def test_a_form_that_is_wrong_is_refused_by_its_field(
    rig: Rig, content: str, fields: dict[str, str], field: str, problem: str
) -> None:
    """The answer names the field and the rule, and nothing is stored; so with a key."""
    for key in ("", "k1"):
        answer = await send(rig, content, key=key, **fields)
        body = answer.json()
        assert (answer.status_code, body.get("field")) == (400, field), answer.text
        assert body["detail"].startswith(problem)
    assert await rig.store.count(Query("orgs/default/imports")) == 0


async def test_a_request_that_is_no_form_is_refused(rig: Rig) -> None:
    """JSON, a broken form, one without a file or with two, get a 400 that says so."""
    form = {"content-type": "multipart/form-data; boundary=x"}
    nameless = b"--x\r\ncontent-disposition: form-data\r\n\r\na\r\n--x--\r\n"
    files = [("file", ("a.csv", CSV)), ("file", ("b.csv", CSV))]
    for request in (
        {"json": {"file": CSV}},
        {"content": b"--y\r\n", "headers": form},
        {"content": nameless, "headers": form},
        {"content": b"", "headers": form},
        {"content": b"", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"", "headers": {"content-type": f"multipart/form-data; boundary={'x' * 999}"}},
        {"files": {"list_name": (None, "L")}},
        {"files": files},
    ):
        answer = await rig.http.post(IMPORTS, **request)
        assert answer.status_code == 400, answer.text
        assert len(answer.json()["detail"]) > 10


async def test_an_unknown_list_is_not_found(rig: Rig) -> None:
    """A list of nobody's, or of another organisation's, is none to import into."""
    answer = await send(rig, list_id="nobody")
    assert (answer.status_code, answer.json()["code"]) == (404, "LIST_NOT_FOUND")


async def test_a_repeated_upload_with_one_key_is_one_import(rig: Rig) -> None:
    """With an Idempotency-Key the same file makes one import; another file is refused."""
    first, second = await send(rig, key="once"), await send(rig, key="once")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert (await send(rig, CSV + "x", key="once")).status_code == 422
    await rig.settle()
    assert await rig.store.count(Query("orgs/default/imports")) == 1
    assert set(await contacts(rig)) == {A, B}


async def test_an_import_is_undone(rig: Rig) -> None:
    """Who was new goes again; undoing twice is refused."""
    job = await imported(rig)
    answer = await rig.post(f"{IMPORTS}/{job['id']}/undo")
    assert (answer.status_code, answer.json()["status"]) == (202, "undoing")
    await rig.settle()
    undone = await shown(rig, job["id"])
    assert (undone["status"], undone["undo_until"]) == ("undone", None)
    assert undone["undone"] == {"removed": 2, "restored": 0, "left": 0}
    assert await contacts(rig) == {}
    again = await rig.post(f"{IMPORTS}/{job['id']}/undo")
    assert (again.status_code, again.json()["code"]) == (400, "INVALID_IMPORT_STATUS")
    assert again.json()["detail"] == "Cannot undo import with status: undone"


async def test_an_import_is_cancelled(rig: Rig) -> None:
    """What has not begun stores nobody."""
    accepted = (await send(rig)).json()
    answer = await rig.post(f"{IMPORTS}/{accepted['id']}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    await rig.settle()
    assert await contacts(rig) == {}
    again = await rig.post(f"{IMPORTS}/{accepted['id']}/cancel")
    assert again.json()["detail"] == "Cannot cancel import with status: cancelled"


async def test_whoever_may_only_look_imports_nothing(jwt_rig: Rig) -> None:
    """A viewer is refused, and an import of another organisation is not found."""
    viewer = {"authorization": token("viewer")}
    files = {"file": ("a.csv", CSV)}
    refused = await jwt_rig.http.post(IMPORTS, files=files, headers=viewer)
    assert refused.status_code == 403
    owner = {"authorization": token()}
    made = (await jwt_rig.http.post(IMPORTS, files=files, headers=owner)).json()
    assert (await jwt_rig.http.get(f"{IMPORTS}/{made['id']}", headers=viewer)).status_code == 200
    other = {"authorization": token(org="other")}
    for method, path in (("GET", ""), ("GET", "/errors"), ("POST", "/undo"), ("POST", "/cancel")):
        url = f"{IMPORTS}/{made['id']}{path}"
        assert (await jwt_rig.http.request(method, url, headers=other)).status_code == 404
    assert (await jwt_rig.http.get(IMPORTS, headers=other)).json()["data"] == []
