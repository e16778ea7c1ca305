"""Suppressions over REST."""

from typing import Any

import pytest

from tests.api.rig import Rig, numbers, token

ANN = "+12025550142"
REASON = "asked us to stop"


async def suppress(rig: Rig, **more: Any) -> Any:
    """Suppress Ann, or somebody else."""
    address = {} if "email" in more else {"phone": ANN}
    answer = await rig.post("/suppressions", {**address, "reason": REASON, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def listed(rig: Rig, **query: str) -> list[Any]:
    """List suppressions."""
    answer = await rig.http.get("/suppressions", params=query)
    assert answer.status_code == 200, answer.text
    data: list[Any] = answer.json()["data"]
    return data


async def test_an_address_is_suppressed_shown_and_lifted(rig: Rig) -> None:
    """Each scope is told with its reason, its times and who said it."""
    made = await suppress(rig, phone="+1 (202) 555-0142")
    assert made == {
        "id": made["id"],
        "address": ANN,
        "scopes": [
            {
                "scope": "all",
                "reason": REASON,
                "at": "2026-03-02T12:00:00.000Z",
                "until": None,
                "by": "local",
                "active": True,
            }
        ],
    }
    both = await suppress(rig, scope="sms", until="2026-03-03T12:00:00Z")
    assert [each["scope"] for each in both["scopes"]] == ["all", "sms"]
    path = f"/suppressions/{made['id']}"
    assert (await rig.http.delete(path, params={"scope": "all"})).status_code == 204
    assert [each["scope"] for each in (await rig.get(path)).json()["scopes"]] == ["sms"]
    assert (await rig.http.delete(path, params={"scope": "all"})).status_code == 404
    assert (await rig.http.delete(path, params={"scope": "sms"})).status_code == 204
    assert (await rig.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("query", "field", "says"),
    [
        ("", "scope", "scope: Field required"),
        ("?scope=", "scope", "scope: Field required"),
        ("?scopes=sms", "scopes", "did you mean scope?"),
        ("?Scope=sms", "Scope", "did you mean scope?"),
        ("?scope=sms&scope=all", "scope", "given several times"),
        ("?scope=smss", "scope", "must be one of"),
    ],
)
async def test_a_slip_in_the_scope_lifts_nothing(
    rig: Rig, query: str, field: str, says: str
) -> None:
    """Without a scope, or with a misspelt one, all bars stay and the slip is named."""
    await suppress(rig)
    made = await suppress(rig, scope="sms")
    answer = await rig.http.delete(f"/suppressions/{made['id']}{query}")
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert says in answer.json()["detail"]
    assert (await rig.get(f"/suppressions/{made['id']}")).json() == made


async def test_the_id_does_not_tell_the_address(rig: Rig) -> None:
    """Addresses are in no URL: a suppression's id is the id of the contact it is about."""
    made = await suppress(rig)
    assert ANN.strip("+") not in made["id"]


async def test_an_e_mail_address_is_suppressed_in_any_spelling(rig: Rig) -> None:
    """Capitals make no other person."""
    made = await suppress(rig, email="Ann@Example.com")
    assert made["address"] == "ann@example.com"
    assert [each["id"] for each in await listed(rig, address="ANN@example.com")] == [made["id"]]


async def test_suppressions_are_listed_page_by_page(rig: Rig) -> None:
    """Following the cursor shows every address once."""
    for number in numbers(5):
        await suppress(rig, phone=number)
    first = (await rig.get("/suppressions?limit=3")).json()
    rest = (await rig.get(f"/suppressions?limit=3&cursor={first['next_cursor']}")).json()
    seen = [each["address"] for each in first["data"] + rest["data"]]
    assert sorted(seen) == numbers(5)
    assert rest["next_cursor"] is None


async def test_one_address_is_found_however_it_is_written(rig: Rig) -> None:
    """An address can be asked for, also with a + that arrives as a blank."""
    made = await suppress(rig)
    for written in (ANN, " 12025550142", "+1 202 555-0142"):
        assert await listed(rig, address=written) == [made]
    assert await listed(rig, address="+12025550143") == []
    answer = await rig.get("/suppressions?address=nobody")
    assert (answer.status_code, answer.json()["field"]) == (400, "phone")


async def test_what_has_expired_says_so(rig: Rig) -> None:
    """A scope whose time is over is shown as not active any more."""
    made = await suppress(rig, until="2026-03-02T12:00:05Z")
    await rig.clock.sleep(5)
    (shown,) = await listed(rig)
    assert (made["scopes"][0]["active"], shown["scopes"][0]["active"]) == (True, False)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"phone": "123"}, "phone"),
        ({"phone": None}, "body"),
        ({"phone": None, "email": "ann"}, "email"),
        ({"email": "ann@example.com"}, "body"),
        ({"scope": "single"}, "scope"),
        ({"reason": ""}, "reason"),
        ({"until": "2026-03-02T12:00:00Z"}, "until"),
        ({"until": "2026-03-03T12:00:00"}, "until"),
        ({"untill": "2026-03-03T12:00:00Z"}, "untill"),
    ],
)
async def test_nonsense_is_refused_by_field(rig: Rig, changes: Any, field: str) -> None:
    """Whatever is wrong is a 400 that names its field, and nothing is suppressed."""
    body = {"phone": ANN, "reason": REASON, **changes}
    answer = await rig.post("/suppressions", body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert await listed(rig) == []


async def test_another_organisation_s_suppressions_do_not_exist(rig: Rig) -> None:
    """What others suppress is neither shown nor lifted, and bars nobody here."""
    made = await suppress(rig)
    path, ours = f"/suppressions/{made['id']}", {"x-org-id": "ours"}
    assert (await rig.http.get(path, headers=ours)).status_code == 404
    assert (await rig.http.delete(f"{path}?scope=all", headers=ours)).status_code == 404
    assert (await rig.http.get("/suppressions", headers=ours)).json()["data"] == []
    asked = await rig.http.get("/suppressions", params={"address": ANN}, headers=ours)
    assert asked.json()["data"] == []
    assert await listed(rig) == [made]


async def test_a_viewer_sees_and_changes_nothing(jwt_rig: Rig) -> None:
    """Suppressing and lifting need the role operator, whose subject is kept."""
    body = {"phone": ANN, "reason": REASON}
    made = await jwt_rig.post("/suppressions", body, authorization=token(subject="ana"))
    assert made.json()["scopes"][0]["by"] == "ana"
    path, viewer = f"/suppressions/{made.json()['id']}", {"authorization": token("viewer")}
    assert (await jwt_rig.get(path, **viewer)).status_code == 200
    assert (await jwt_rig.post("/suppressions", body, **viewer)).status_code == 403
    assert (await jwt_rig.http.delete(f"{path}?scope=all", headers=viewer)).status_code == 403


async def test_who_is_suppressed_is_not_called(rig: Rig) -> None:
    """A number that was suppressed over REST is left out of the next campaign."""
    first, second = numbers(2)
    await suppress(rig, phone=first, scope="voice")
    campaign = await rig.campaign(people=2)
    await rig.run(campaign)
    rows = {row["number"]: row["reason"] for row in await rig.report(campaign)}
    assert rows == {first: "suppressed", second: ""}


@pytest.mark.parametrize(
    ("named", "ours"),
    [
        ("whatsapp:+5215512345678", "+525512345678"),
        ("5215512345678", "+525512345678"),
        ("551187654321", "+5511987654321"),
        ("+5491123456789", "+5491123456789"),
        ("12345", "12345"),
        ("15550100", "+15550100"),
    ],
)
async def test_whom_a_provider_names_is_suppressed(rig: Rig, named: str, ours: str) -> None:
    """A number as a provider writes it bars the person whom it means, and finds them again."""
    body = {"provider_address": named, "reason": REASON}
    made = (await rig.post("/suppressions", body)).json()
    assert made["address"] == ours
    assert await listed(rig, provider_address=named) == [made]


async def test_a_suppression_in_the_providers_spelling_holds_for_the_contact(rig: Rig) -> None:
    """The campaign leaves out the contact who is known in ours."""
    await suppress(rig, phone="+52 1 55 1234 5678")
    assert [each["address"] for each in await listed(rig, address="+525512345678")]
    made = await rig.create(await rig.make_list(["+525512345678", "+12025550142"]))
    campaign = made.json()["campaignId"]
    await rig.run(campaign)
    rows = {row["number"]: row["reason"] for row in await rig.report(campaign)}
    assert rows["+525512345678"] == "suppressed"
    assert rows["+12025550142"] == ""


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"provider_address": "PARCELS"}, "provider_address"),
        ({"provider_address": "US.1234"}, "provider_address"),
        ({"provider_address": ""}, "provider_address"),
        ({"provider_address": "1" * 65}, "provider_address"),
        ({"provider_address": "12345", "phone": ANN}, "body"),
        ({"phone": "12345"}, "phone"),
    ],
)
async def test_what_no_provider_calls_a_number_is_refused(
    rig: Rig, body: dict[str, str], field: str
) -> None:
    """The field is named, and nobody is suppressed."""
    answer = await rig.post("/suppressions", {**body, "reason": REASON})
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert await listed(rig) == []
    both = await rig.get("/suppressions?address=%2B12025550142&provider_address=12345")
    assert (both.status_code, both.json()["field"]) == (400, "provider_address")
