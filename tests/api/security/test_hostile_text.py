"""Text that cannot be stored or shows as another is a 400 that names it, at every door."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.api.full_organisation import Things, make_everything
from tests.api.openapi_requests import OPERATIONS, Operation, request
from tests.api.rig import BOT, SENDER, Rig

HALF = "\ud83d"
WITH_BODY = [each for each in OPERATIONS if "json" in str(each.about.get("requestBody", ""))]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def full(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Rig, Things]]:
    """Give an organisation that has one of everything."""
    rig = Rig(tmp_path_factory.mktemp("text"), api_rate_per_s=0)
    yield rig, await make_everything(rig, "default", area=415)
    await rig.close()


def spoilt(body: Any, with_: str) -> Iterator[Any]:
    """Yield the body with one of its texts, or names, spoilt at a time."""
    yield {"unknown": with_}
    yield {with_: 1}
    for name, value in body.items():
        if isinstance(value, str):
            yield {**body, name: value + with_}
        elif isinstance(value, dict):
            yield from ({**body, name: each} for each in spoilt(value, with_))
        elif isinstance(value, list) and value and isinstance(value[0], str):
            yield {**body, name: [*value, with_]}


@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
@pytest.mark.parametrize("form", ["escaped", "bytes"])
async def test_half_a_character_is_refused(
    full: tuple[Rig, Things], operation: Operation, form: str
) -> None:
    """A lone surrogate, escaped or as bytes, is a 400 wherever it stands in a body."""
    rig, things = full
    asked = request(operation, things, {})
    for body in spoilt(asked.sent.get("json", {}), HALF):
        escaped = json.dumps(body, ensure_ascii=form == "escaped")
        content = escaped.encode(errors="surrogatepass")
        answer = await rig.http.request(
            operation.method,
            asked.path,
            content=content,
            headers={"content-type": "application/json"},
            params=asked.sent.get("params"),
        )
        assert answer.status_code == 400, (body, answer.text)


@pytest.mark.parametrize("form", ["?cursor=%ED%A0%BD", "?limit=%ED%A0%BD", "/%ED%A0%BD"])
async def test_half_a_character_in_a_url_breaks_nothing(
    full: tuple[Rig, Things], form: str
) -> None:
    """Bytes that are no UTF-8 in a path or query are a 4xx."""
    rig, _ = full
    for path in ("/contacts", "/campaigns", "/suppressions", "/audit", "/inbound", "/lists"):
        assert 400 <= (await rig.http.get(path + form)).status_code < 500


BAD_NAMES = [
    "a\0b",
    "a\nb",
    "a\x1b[31mb",
    "a\x85b",
    "a\u2028b",
    "a\u202egpj.exe",
    "a\u2066b",
    "a\ufeffb",
]
NAMED = [
    ("/contacts", {"phone": "+12125552000"}, "first_name"),
    ("/contacts", {"phone": "+12125552000"}, "last_name"),
    ("/contacts", {"phone": "+12125552000"}, "firstname"),
    ("/contacts", {"phone": "+12125552000"}, "location"),
    ("/customers", {"phone": "+12125552000"}, "prefered_product"),
    ("/lists", {}, "name"),
    ("/campaigns", {"channel": "sms", "base_template": "Hi"}, "name"),
    ("/templates", {"text": "Hi"}, "name"),
    ("/segments", {"conditions": {"field": "active", "op": "eq", "value": True}}, "name"),
    ("/api-keys", {"role": "viewer"}, "name"),
    ("/suppressions", {"phone": "+12125552000"}, "reason"),
    (
        "/create-campaign",
        {"listId": "a", "fromNumber": SENDER, "wssUrl": BOT},
        "campaignName",
    ),
]


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
@pytest.mark.parametrize(("path", "body", "field"), NAMED, ids=[f"{p} {f}" for p, _, f in NAMED])
async def test_a_name_does_not_hide_or_turn_what_is_read(
    full: tuple[Rig, Things], path: str, body: dict[str, Any], field: str, name: str
) -> None:
    """Control characters and marks that turn the direction are refused in every name."""
    rig, _ = full
    answer = await rig.post(path, {**body, field: name})
    told = answer.json()
    assert (answer.status_code, told["field"]) == (400, field), answer.text
    assert "control characters" in answer.text


@pytest.mark.parametrize(
    "name",
    [
        "👩\u200d👩\u200d👧",
        "\u0645\u06cc\u200c\u062e",
        "क्\u200dष",
        "\u200f\u05e2\u05d1",
        "O'Neil-Sól 春",
    ],
)
async def test_names_of_all_languages_are_kept(full: tuple[Rig, Things], name: str) -> None:
    """The joiners of emoji and scripts, and the marks of one direction, belong to names."""
    rig, _ = full
    made = await rig.post("/lists", {"name": name})
    assert made.json()["name"] == name


async def test_an_upload_of_hostile_names_is_refused(tmp_path: Path) -> None:
    """A list's name in a form keeps the same rule, whatever character set the form claims."""
    rig = Rig(tmp_path)
    for name in BAD_NAMES[:1] + BAD_NAMES[4:]:
        answer = await rig.upload("number\n+12125552000\n", name)
        assert (answer.status_code, answer.json()["field"]) == (400, "listName"), answer.text
    for charset in ("utf-7", "unicode_escape", "raw_unicode_escape"):
        body = (
            b'--b\r\nContent-Disposition: form-data; name="listName"\r\n\r\n+2D0-\\ud83d\r\n'
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
            b"number\n+12125552000\n\r\n--b--\r\n"
        )
        kind = f"multipart/form-data; boundary=b; charset={charset}"
        answer = await rig.http.post("/upload-csv", content=body, headers={"content-type": kind})
        assert answer.status_code in {200, 400}, answer.text
    await rig.close()
