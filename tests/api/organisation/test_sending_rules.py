"""The rules in force over REST, what an organisation says instead, and who is told of it."""

from typing import Any

import pytest

from tests.api.rig import Rig, token

TEN_TO_SIX = {"opens": "10:00", "closes": "18:00"}
WHOLE: dict[str, Any] = {**TEN_TO_SIX, "closed_on": [], "holidays": False, "cap": None}
TWICE_A_DAY = {"most": 2, "hours": 24, "channels": ["sms", "email"]}


async def patch(rig: Rig, body: Any, method: str = "PATCH", **headers: str) -> Any:
    """Decide something."""
    return await rig.http.request(method, "/settings", json=body, headers=headers)


async def rules(rig: Rig, **headers: str) -> dict[str, Any]:
    """Return the rules in force, by country."""
    shown = (await rig.get("/settings/rules", **headers)).json()
    return {country["region"]: country for country in shown["countries"]}


async def test_the_rules_in_force_are_shown_with_their_version_and_source(make_rig: Any) -> None:
    """Before anything is overridden each country has its own, and the rest has those of `*`."""
    rig = make_rig(calling_windows="default")
    shown = (await rig.get("/settings/rules")).json()
    assert (shown["kept"], shown["frequency_caps"]) == (True, [])
    countries = await rules(rig)
    assert list(countries) == ["US", "GB", "IN", "FR", "*"]
    america = countries["US"]
    assert america["version"] == "2026-11-22"
    assert "47 CFR 64.1200" in america["source"]
    assert america["rules"] == {
        "voice": {
            "windows": [
                {"opens": "09:00", "closes": "20:00", "closed_on": ["sun"], "holidays": False}
            ],
            "cap": {"most": 3, "hours": 24},
            "overridden": False,
        }
    }
    assert set(countries["FR"]["rules"]) == {"voice", "sms"}
    assert countries["FR"]["rules"]["sms"]["windows"][0]["holidays"] is True


async def test_a_deployment_that_keeps_no_windows_says_so(make_rig: Any) -> None:
    """CALLING_WINDOWS=off is seen by those who ask what is in force."""
    rig = make_rig(calling_windows="off")
    assert (await rig.get("/settings/rules")).json()["kept"] is False


async def test_what_an_organisation_says_instead_is_in_force(rig: Rig) -> None:
    """A rule is replaced as a whole, also in a country that had none; null brings it back."""
    said = {"US": {"voice": TEN_TO_SIX}, "KE": {"sms": {"cap": {"most": 1, "hours": 12}}}}
    answer = (await patch(rig, {"country_rules": said})).json()
    assert answer["country_rules"]["US"] == {"voice": WHOLE}
    countries = await rules(rig)
    instead = countries["US"]["rules"]["voice"]
    assert (instead["overridden"], instead["cap"]) == (True, None)
    assert instead["windows"][0] == {**TEN_TO_SIX, "closed_on": [], "holidays": False}
    assert countries["KE"]["rules"]["sms"] == {
        "windows": [],
        "cap": {"most": 1, "hours": 12},
        "overridden": True,
    }
    assert countries["KE"]["rules"]["voice"]["overridden"] is False
    after = (await patch(rig, {"country_rules": {"US": {"voice": None}}})).json()
    assert set(after["country_rules"]) == {"KE"}
    assert (await rules(rig))["US"]["rules"]["voice"]["overridden"] is False
    assert (await patch(rig, {"country_rules": None})).json()["country_rules"] == {}


async def test_put_takes_away_what_it_does_not_name(rig: Rig) -> None:
    """Other countries' overrides, and caps, go with a PUT that leaves them out."""
    await patch(rig, {"country_rules": {"US": {"voice": TEN_TO_SIX}, "GB": {"sms": TEN_TO_SIX}}})
    await patch(rig, {"frequency_caps": [TWICE_A_DAY]})
    after = (await patch(rig, {"country_rules": {"GB": {"sms": TEN_TO_SIX}}}, "PUT")).json()
    assert (after["country_rules"], after["frequency_caps"]) == ({"GB": {"sms": WHOLE}}, [])


async def test_caps_across_channels_are_decided_as_a_whole(rig: Rig) -> None:
    """A list of caps replaces the former one; of all channels where none is named."""
    after = (await patch(rig, {"frequency_caps": [TWICE_A_DAY, {"most": 9, "hours": 744}]})).json()
    assert after["frequency_caps"] == [TWICE_A_DAY, {"most": 9, "hours": 744, "channels": None}]
    shown = (await rig.get("/settings/rules")).json()
    assert shown["frequency_caps"] == after["frequency_caps"]
    assert (await patch(rig, {"frequency_caps": None})).json()["frequency_caps"] == []


async def test_the_audit_trail_says_from_what_to_what(rig: Rig) -> None:
    """Each override is told as it was and as it is; what stayed is not."""
    night = {"start": "21:00", "end": "09:00"}
    await patch(rig, {"country_rules": {"GB": {"sms": TEN_TO_SIX}}, "quiet_hours": night})
    await patch(rig, {"country_rules": {"US": {"voice": TEN_TO_SIX}}})
    await patch(rig, {"country_rules": {"US": None}})
    same = await patch(rig, {"country_rules": {"GB": {"sms": TEN_TO_SIX}}})
    assert same.json()["country_rules"] == {"GB": {"sms": WHOLE}}
    trail = [entry["about"] for entry in (await rig.get("/audit")).json()["data"]]
    assert trail == [
        {
            "fields": ["country_rules"],
            "changes": {"country_rules": {"from": {"US": {"voice": WHOLE}}, "to": {}}},
        },
        {
            "fields": ["country_rules"],
            "changes": {"country_rules": {"from": {}, "to": {"US": {"voice": WHOLE}}}},
        },
        {
            "fields": ["quiet_hours", "country_rules"],
            "changes": {
                "quiet_hours": {"from": None, "to": night},
                "country_rules": {"from": {}, "to": {"GB": {"sms": WHOLE}}},
            },
        },
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"country_rules": {"CA": {"voice": TEN_TO_SIX}}}, "country_rules.CA"),
        ({"country_rules": {"US": {"fax": TEN_TO_SIX}}}, "country_rules.US.fax"),
        ({"country_rules": {"US": {"voice": {"opens": "10:00"}}}}, "country_rules.US.voice.closes"),
        (
            {"country_rules": {"US": {"voice": {**TEN_TO_SIX, "closed_on": ["sonntag"]}}}},
            "country_rules.US.voice.closed_on",
        ),
        (
            {"country_rules": {"US": {"voice": {"cap": {"most": 51, "hours": 1}}}}},
            "country_rules.US.voice.cap.most",
        ),
        ({"frequency_caps": [{"most": 1}]}, "frequency_caps"),
        ({"frequency_caps": [{**TWICE_A_DAY, "channels": []}]}, "frequency_caps.0.channels"),
        ({"frequency_caps": [{**TWICE_A_DAY, "channels": ["fax"]}]}, "frequency_caps"),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_what_breaks_a_rule_is_refused(
    rig: Rig, method: str, body: dict[str, Any], field: str
) -> None:
    """The problem names the field; nothing is changed."""
    answer = await patch(rig, body, method)
    assert answer.status_code == 400
    assert answer.json()["field"].startswith(field)
    assert (await rig.get("/settings")).headers["etag"].startswith('"0-')


async def test_everybody_may_see_the_rules_of_their_own_organisation(jwt_rig: Rig) -> None:
    """Reading needs the least role; another organisation's overrides are not shown."""
    said = {"country_rules": {"KE": {"sms": TEN_TO_SIX}}}
    await patch(jwt_rig, said, authorization=token("admin"))
    ours = await rules(jwt_rig, authorization=token("viewer"))
    assert "KE" in ours
    theirs = await rules(jwt_rig, authorization=token("viewer", org="other"))
    assert "KE" not in theirs
