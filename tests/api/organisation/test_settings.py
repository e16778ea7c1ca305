"""The organisation's settings over REST."""

from typing import Any

import pytest

from functions.domain.notifications.signing import webhook_secret
from tests.api.rig import JWT, Rig, token

WHOLE: dict[str, Any] = {
    "senders": {"voice": "+1 202 555 0111", "sms": "+12025550112"},
    "default_zone": "America/New_York",
    "default_country": "IN",
    "quiet_hours": {"start": "21:00", "end": "09:00"},
    "rates": {"voice": 0.5},
    "polling_schedule_s": [30, 300],
}


#: What is shown and never decided.
ALWAYS = ("opt_out_words_always", "opt_in_words_always", "opt_out_words_optional")


def decided(answer: Any) -> dict[str, Any]:
    """Return what an answer says was decided."""
    return {name: value for name, value in answer.json().items() if name not in ALWAYS}


async def put(rig: Rig, body: Any, method: str = "PUT", **headers: str) -> Any:
    """Decide something."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await rig.http.request(method, "/settings", json=body, headers=sent)


async def test_before_anything_is_decided_all_is_left_open(rig: Rig) -> None:
    """Who has decided nothing is shown nothing, under an ETag that a first change can name."""
    answer = await rig.get("/settings")
    assert answer.status_code == 200
    assert answer.headers["etag"].startswith('"0-')
    assert decided(answer) == {
        "name": "",
        "unsubscribe_email": "",
        "senders": {},
        "allowed_senders": None,
        "default_zone": "",
        "default_country": "",
        "quiet_hours": None,
        "rates": {},
        "polling_schedule_s": None,
        "warm_up": {},
        "country_rules": {},
        "frequency_caps": [],
        "opt_out_words": {},
        "opt_in_words": {},
        "updated_at": None,
        "updated_by": "",
    }


async def test_put_decides_everything_anew(rig: Rig) -> None:
    """What a PUT leaves out falls back to the deployment's own."""
    answer = await put(rig, WHOLE)
    assert answer.status_code == 200
    assert decided(answer) == {
        **WHOLE,
        "name": "",
        "unsubscribe_email": "",
        "senders": {"voice": "+12025550111", "sms": "+12025550112"},
        "allowed_senders": None,
        "warm_up": {},
        "country_rules": {},
        "frequency_caps": [],
        "opt_out_words": {},
        "opt_in_words": {},
        "updated_at": "2026-03-02T12:00:00.000Z",
        "updated_by": "local",
    }
    assert (await rig.get("/settings")).json() == answer.json()
    after = (await put(rig, {"senders": {"sms": "+12025550112"}})).json()
    assert after["senders"] == {"sms": "+12025550112"}
    assert (after["default_zone"], after["quiet_hours"], after["rates"]) == ("", None, {})


async def test_patch_decides_what_it_names(rig: Rig) -> None:
    """The rest stays, other channels included; null leaves it to the deployment again."""
    await put(rig, WHOLE)
    patch = {"senders": {"voice": None, "whatsapp": "+12025550113"}, "quiet_hours": None}
    after = (await put(rig, patch, "PATCH")).json()
    assert after["senders"] == {"sms": "+12025550112", "whatsapp": "+12025550113"}
    assert (after["quiet_hours"], after["rates"]) == (None, {"voice": 0.5})
    after = (await put(rig, {"default_zone": None, "rates": None}, "PATCH")).json()
    assert (after["default_zone"], after["rates"]) == ("", {})
    assert after["polling_schedule_s"] == [30, 300]


async def test_new_senders_are_warmed_up(rig: Rig) -> None:
    """A ramp for each channel; a change of it stands in the audit trail."""
    ramp = {"starts_on": "2026-03-02", "first_day": 50, "growth": 1.5}
    await put(rig, {"warm_up": {"sms": ramp, "email": ramp}})
    after = (await put(rig, {"warm_up": {"sms": None}}, "PATCH")).json()
    assert after["warm_up"] == {"email": ramp}
    trail = (await rig.get("/audit")).json()["data"]
    assert [list(entry["about"]["changes"]) for entry in trail] == [["warm_up"], ["warm_up"]]


async def test_a_change_can_name_the_version_it_was_made_for(rig: Rig) -> None:
    """If-Match with an old ETag changes nothing; with the newest, and without, it does."""
    first = (await put(rig, WHOLE, if_match='"0"')).headers["etag"]
    assert (await put(rig, WHOLE, if_match='"0"')).status_code == 412
    stale = await put(rig, {"default_zone": "Asia/Kolkata"}, "PATCH", if_match='"999999"')
    assert (stale.status_code, stale.json()["code"]) == (412, "STALE")
    second = await put(rig, {"default_zone": "Asia/Kolkata"}, "PATCH", if_match=first)
    assert second.status_code == 200
    assert second.headers["etag"] != first
    assert (await put(rig, WHOLE)).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"senders": {"sms": "12"}}, "senders.sms"),
        ({"senders": {"fax": "+12025550111"}}, "senders.fax"),
        ({"default_zone": "Mars/Olympus"}, "default_zone"),
        ({"default_zone": "localtime"}, "default_zone"),
        ({"default_zone": "Factory"}, "default_zone"),
        ({"default_country": "XX"}, "default_country"),
        ({"default_country": "001"}, "default_country"),
        ({"quiet_hours": {"start": "21:00"}}, "quiet_hours.end"),
        ({"quiet_hours": {"start": "25:00", "end": "09:00"}}, "quiet_hours.start"),
        ({"quiet_hours": {"start": "21:00", "end": "21:00"}}, "quiet_hours"),
        ({"rates": {"voice": 0}}, "rates.voice"),
        ({"warm_up": {"sms": {"starts_on": "2026-03-02"}}}, "warm_up.sms.first_day"),
        (
            {"warm_up": {"sms": {"starts_on": "soon", "first_day": 1, "growth": 1}}},
            "warm_up.sms.starts_on",
        ),
        (
            {"warm_up": {"sms": {"starts_on": "2026-03-02", "first_day": 1, "growth": 6}}},
            "warm_up.sms.growth",
        ),
        ({"rates": {"voice": 1e9}}, "rates.voice"),
        ({"polling_schedule_s": [30, 1.5]}, "polling_schedule_s"),
        ({"polling_schedule_s": [300, 30]}, "polling_schedule_s"),
        ({"name": "x" * 101}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"unsubscribe_email": "leave"}, "unsubscribe_email"),
        ({"colour": "red"}, "colour"),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_what_breaks_a_rule_is_refused(
    rig: Rig, method: str, body: dict[str, Any], field: str
) -> None:
    """The problem names the field; nothing is changed."""
    answer = await put(rig, body, method)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert (await rig.get("/settings")).headers["etag"].startswith('"0-')


async def test_nobody_sends_faster_than_the_deployment(make_rig: Any) -> None:
    """The deployment's own rate is the limit, and it is told."""
    rig = make_rig(voice_rate_per_s=3)
    answer = await put(rig, {"rates": {"voice": 3.5}})
    assert (answer.status_code, answer.json()["field"]) == (400, "rates.voice")
    assert "at most 3 a second" in answer.json()["detail"]
    assert (await put(rig, {"rates": {"voice": 3}})).status_code == 200


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("operator", 403), ("admin", 200)])
async def test_admins_decide_and_everybody_may_see(jwt_rig: Rig, role: str, status: int) -> None:
    """Reading needs the least role, deciding the highest."""
    authorization = token(role)
    assert (await put(jwt_rig, WHOLE, authorization=authorization)).status_code == status
    answer = await put(jwt_rig, {}, "PATCH", authorization=authorization)
    assert answer.status_code == status
    assert (await jwt_rig.get("/settings", authorization=authorization)).status_code == 200


async def test_another_organisation_sees_its_own(jwt_rig: Rig) -> None:
    """Settings belong to the caller's organisation."""
    await put(jwt_rig, WHOLE, authorization=token("admin"))
    other = await jwt_rig.get("/settings", authorization=token("admin", org="other"))
    assert other.json()["senders"] == {}


SIGNING = "what signs is at least thirty-two bytes long"


async def test_admins_are_shown_what_verifies_their_webhook_messages(make_rig: Any) -> None:
    """Each organisation has a secret of its own, which nobody else is shown, nor keeps a copy."""
    rig = make_rig(**JWT, signing_secret=SIGNING)
    ours, theirs = [
        await rig.get("/settings/webhook-secret", authorization=token("admin", org=org))
        for org in ("acme", "other")
    ]
    assert ours.json() == {"secret": webhook_secret(SIGNING, "acme")}
    assert ours.json() != theirs.json()
    assert ours.headers["cache-control"] == "no-store"
    answer = await rig.get("/settings/webhook-secret", authorization=token("operator"))
    assert (answer.status_code, "secret" in answer.json()) == (403, False)


async def test_without_a_signing_secret_there_is_none(rig: Rig) -> None:
    """A deployment that signs no webhook messages says so."""
    answer = await rig.get("/settings/webhook-secret")
    assert (answer.status_code, answer.json()["code"]) == (404, "WEBHOOK_SECRET_NOT_FOUND")


async def test_the_words_that_opt_out_are_shown_and_added_to(rig: Rig) -> None:
    """Those that always count stand beside the organisation's own, which change by language."""
    shown = (await rig.get("/settings")).json()
    assert (shown["opt_out_words"], shown["opt_in_words"]) == ({}, {})
    assert {"STOP", "OPT OUT", "STOP ALL"} <= set(shown["opt_out_words_always"])
    assert {"START", "UNSTOP"} <= set(shown["opt_in_words_always"])
    optional = {word for words in shown["opt_out_words_optional"].values() for word in words}
    assert {"ARRET", "ALTO", "PARAR", "BAJA", "SALIR", "STOPP", "FIN"} <= optional
    for words in ({"fr": ["ARRET", "arrêt"], "es": ["BAJA"]}, {"es": None, "sv": ["STOPP"]}):
        answer = await rig.http.patch("/settings", json={"opt_out_words": words})
        assert answer.status_code == 200, answer.text
    assert answer.json()["opt_out_words"] == {"fr": ["ARRET"], "sv": ["STOPP"]}


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"opt_out_words": {"fr": ["START"]}}, "opt_out_words.fr"),
        ({"opt_in_words": {"en": ["STOP"]}}, "opt_in_words.en"),
        ({"opt_out_words": {"fr": []}}, "opt_out_words.fr"),
        ({"opt_out_words": {"fr": "ARRET"}}, "opt_out_words.fr"),
        ({"opt_out_words": {"french": ["ARRET"]}}, "opt_out_words.french"),
        ({"opt_out_words": {"fr": ["12"]}}, "opt_out_words.fr"),
    ],
)
async def test_words_that_cannot_be_are_refused(rig: Rig, words: Any, field: str) -> None:
    """The field is named, language and all, and nothing is changed."""
    answer = await rig.http.patch("/settings", json=words)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert (await rig.get("/settings")).json()["opt_out_words"] == {}
