"""What an API key sees of people: by the table in the guide, whatever operation is asked."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio

from functions.domain.messages.delivery_events import Inbound
from functions.engine.receipts.inbound import receive_inbound
from functions.web.auth import Area
from tests.api.full_organisation import Things, make_everything
from tests.api.openapi_requests import OPERATIONS, Operation, request
from tests.api.rig import Rig

GUIDE: Final = Path(__file__).parents[3] / "docs" / "guide" / "rest.md"
ADDRESSES, DETAILS, WRITTEN = "numbers and mail addresses", "names, places, attributes", "texts"
#: What is known of one person, and what kind of thing it is.
PERSON: Final[dict[str, Any]] = {
    "phone": "+14155552600",
    "email": "zenobia.quux@mail.example",
    "first_name": "Zenobia",
    "last_name": "Quuxley",
    "location": "Timbuktu",
    "preferred_product": "Spinningwheel",
    "attributes": {"shoe": "Slipper44"},
}
KINDS: Final = {
    "+14155552600": {ADDRESSES},
    "14155552600": {ADDRESSES},
    "zenobia.quux@mail.example": {ADDRESSES},
    "Quuxley": {DETAILS},
    "Timbuktu": {DETAILS},
    "Spinningwheel": {DETAILS},
    "Slipper44": {DETAILS},
    "Zenobia": {DETAILS, WRITTEN},  # the campaign says it
    "Marmalade": {WRITTEN},  # the person has written it
}
#: The order in which operations are asked: what reads, what asks, what changes, what removes.
METHODS: Final = ("get", "head", "post", "patch", "put", "delete")

pytestmark = pytest.mark.asyncio(loop_scope="module")


def table() -> dict[str, set[str]]:
    """Return what the guide's table lets each area see."""
    rows = re.findall(
        r"^\| `([a-z-]+)` \| (yes|no) \| (yes|no) \| (yes|no) \|$", GUIDE.read_text(), re.MULTILINE
    )
    kinds = (ADDRESSES, DETAILS, WRITTEN)
    return {
        area: {kind for kind, said in zip(kinds, told, strict=True) if said == "yes"}
        for area, *told in rows
    }


@dataclass
class Office:
    """An organisation with one of everything about one person, and a key for each area."""

    rig: Rig
    things: Things
    keys: dict[str, str]

    async def ask(self, area: str, operation: Operation) -> tuple[httpx.Response, str]:
        """Ask as the key of an area; return the answer, and what the request itself said."""
        asked = request(operation, self.things, {})
        headers = {"authorization": f"Bearer {self.keys[area]}"}
        answer = await self.rig.http.request(
            operation.method, asked.path, headers=headers, **asked.sent
        )
        return answer, f"{asked.path} {asked.sent}"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """Give an organisation that knows a person in every way."""
    made = await opened(tmp_path_factory.mktemp("office"))
    yield made
    await made.rig.close()


async def opened(folder: Path) -> Office:
    """Return an organisation that knows a person in every way."""
    rig = Rig(folder, api_rate_per_s=0)
    things = await make_everything(rig, "default", area=415)
    await know_a_person(rig, things)
    return Office(rig, things, {area: await key(rig, area) for area in Area})


async def key(rig: Rig, *areas: str, role: str = "admin") -> str:
    """Make an API key for areas."""
    made = await rig.post("/api-keys", {"name": "K", "role": role, "areas": list(areas)})
    token: str = made.json()["token"]
    return token


async def know_a_person(rig: Rig, things: Things) -> None:
    """Put somebody wherever people stand, before everybody else that is there."""

    async def made(kind: str, path: str, body: Any) -> str:
        answer = await rig.post(path, body)
        assert answer.is_success, (path, answer.text)
        id_: str = answer.json()["id"]
        things.ids.setdefault(kind, []).insert(0, id_)
        return id_

    contact = await made("contact", "/contacts", PERSON)
    list_id = await made("list", "/lists", {"name": "All"})
    await rig.post(f"/lists/{list_id}/contacts", {"contact_ids": [contact]})
    condition = {"field": "location", "op": "exists"}
    await made("segment", "/segments", {"name": "Placed", "conditions": condition})
    await made("template", "/templates", {"name": "Hi", "text": "Hi {{ first_name }}"})
    for channel in ("sms", "email"):
        wish = {
            "name": "Spring",
            "channel": channel,
            "base_template": "Hi {{ first_name }}",
            "audience": {"list_id": list_id},
            **({"subject": "For {{ first_name }}"} if channel == "email" else {}),
        }
        campaign = await made("campaign", "/campaigns", wish)
        sent = await rig.post(f"/campaigns/{campaign}/send", {})
        if channel == "sms":
            assert sent.is_success, sent.text
    await rig.settle()
    things.ids["campaign"].insert(0, things.ids["campaign"].pop(1))
    found = (await rig.get(f"/campaigns/{things.ids['campaign'][0]}/messages")).json()["data"]
    things.ids["message"].insert(0, found[0]["id"])
    now = rig.clock.now()
    text = Inbound("t", PERSON["phone"], "+12025550111", "Marmalade", now)
    await receive_inbound(rig.stack.engine, "default", "simulator", text)
    heard = (await rig.get("/inbound")).json()["data"]
    things.ids["inbound"].insert(0, next(e["id"] for e in heard if e["body"] == "Marmalade"))
    suppressed = {"phone": PERSON["phone"], "reason": "asked", "scope": "voice"}
    await made("suppression", "/suppressions", suppressed)


async def test_every_area_has_a_row_in_the_guide() -> None:
    """The table in the guide names each area that a key may be kept to."""
    assert set(table()) == set(Area)


async def test_no_answer_tells_more_of_people_than_the_guide_says(tmp_path: Path) -> None:
    """Each operation is asked by a key for each area alone; what it sees stands in the table."""
    office = await opened(tmp_path)
    allowed, leaks, seen = table(), list[str](), dict[str, set[str]]()
    for operation in sorted(OPERATIONS, key=lambda each: METHODS.index(each.method)):
        for area in Area:
            answer, said = await office.ask(area, operation)
            assert answer.status_code < 500, (str(operation), answer.text)
            marks = {m for m in KINDS if m in answer.text and m not in said}
            shown = [mark for mark in marks if not KINDS[mark] & allowed[area]]
            leaks += [f"{area}: {operation} tells {mark}" for mark in shown]
            for mark in marks:
                seen.setdefault(area, set()).update(KINDS[mark] & allowed[area])
    await office.rig.close()
    assert leaks == []
    assert {area: seen.get(area, set()) for area in Area} == allowed, "the test sees what is there"


@pytest.mark.parametrize("field", ["phone", "email", "first_name", "last_name"])
@pytest.mark.parametrize("shape", ["plain", "all", "any", "not"])
async def test_a_key_for_segments_cannot_ask_whether_somebody_is_there(
    office: Office, field: str, shape: str
) -> None:
    """Counts of whom one name, number or address fits are for those who may see people."""
    asked: dict[str, Any] = {"field": field, "op": "eq", "value": PERSON["phone"]}
    shapes = {
        "plain": asked,
        "all": {"all": [asked]},
        "any": {"any": [asked]},
        "not": {"not": asked},
    }
    body = {"conditions": shapes[shape]}
    alone = {"authorization": f"Bearer {await key(office.rig, 'segments')}"}
    both = {"authorization": f"Bearer {await key(office.rig, 'segments', 'contacts')}"}
    assert (await office.rig.post("/segments/count", body, **alone)).status_code == 403
    named = {"name": "Who", **body}
    assert (await office.rig.post("/segments", named, **alone)).status_code == 403
    assert (await office.rig.post("/segments/count", body, **both)).status_code == 200


async def test_whether_somebody_is_there_is_not_told_by_a_preview(office: Office) -> None:
    """A key that may not see people is answered the same for somebody and for nobody."""
    id_, nobody = office.things.ids["contact"][0], "0" * 24
    template, campaign = office.things.ids["template"][0], office.things.ids["campaign"][0]
    for area, path, name in (
        ("templates", "/templates/preview", "contact_id"),
        ("templates", f"/templates/{template}/preview", "contact_id"),
        ("campaigns", f"/campaigns/{campaign}/personalized-preview", "customer_id"),
        ("campaigns", f"/campaigns/{campaign}/send-test", "customer_id"),
    ):
        more: dict[str, Any] = {"text": "Hi"} if path == "/templates/preview" else {}
        more |= {"phones": ["+12025550111"]} if path.endswith("send-test") else {}
        headers = {"authorization": f"Bearer {await key(office.rig, area)}"}
        answers = [
            await office.rig.post(path, {**more, name: each}, **headers) for each in (id_, nobody)
        ]
        assert [each.status_code for each in answers] == [403, 403]
        assert answers[0].json()["detail"] == answers[1].json()["detail"]


async def test_a_key_with_both_areas_sees_what_each_shows(office: Office) -> None:
    """Numbers in a report are there for a key that may see messages as well."""
    wanted = {"campaignId": office.things.ids["campaign"][0]}
    alone = {"authorization": f"Bearer {await key(office.rig, 'campaigns')}"}
    both = {"authorization": f"Bearer {await key(office.rig, 'campaigns', 'messages')}"}
    for headers, is_told in ((alone, False), (both, True), ({}, True)):
        rows = (await office.rig.post("/get-report-by-campaign", wanted, **headers)).json()["rows"]
        assert [bool(row["number"]) for row in rows] == [is_told] * len(rows)
        csv = await office.rig.post(
            "/get-report-by-campaign", {**wanted, "isDownload": True}, **headers
        )
        assert ("+1" in csv.text) is is_told
