"""An organisation's settings: what may be decided, and what a change changes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from functions.domain.contacts.phones import parse_phone
from functions.domain.errors import InvalidFieldError
from functions.domain.organisation import (
    Organisation,
    changed,
    organisation_fields,
    organisation_from,
    zones_for,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LIMITS = {"voice": 2.0, "sms": None}
DECIDED = Organisation(
    senders={"voice": "+12025550111", "sms": "+12025550112"},
    default_zone="America/New_York",
    quiet_hours={"start": "21:00", "end": "09:00"},
    rates={"voice": 1.0},
    polling_schedule_s=[30, 300],
    warm_up={"sms": {"starts_on": "2026-03-02", "first_day": 50, "growth": 1.5}},
    revision=3,
    updated_at=NOW,
    updated_by="ann",
)


def change(changes: dict[str, Any], before: Organisation = DECIDED) -> tuple[Organisation, Any]:
    """Change settings as Bob."""
    return changed(before, changes, LIMITS, by="bob", now=NOW)


def test_what_is_stored_reads_back_equal() -> None:
    """Everything decided, and nothing decided, survives the store."""
    for organisation in (DECIDED, Organisation()):
        assert organisation_from(organisation_fields(organisation)) == organisation


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"senders": {"sms": "+1 (202) 555-0199"}}, "senders", "+12025550199"),
        ({"default_zone": ""}, "default_zone", ""),
        ({"default_zone": "Pacific/Kiritimati"}, "default_zone", "Pacific/Kiritimati"),
        ({"quiet_hours": None}, "quiet_hours", None),
        (
            {"quiet_hours": {"start": "00:00", "end": "23:59"}},
            "quiet_hours",
            {"start": "00:00", "end": "23:59"},
        ),
        ({"rates": {"voice": 2.0}}, "rates", 2.0),
        ({"polling_schedule_s": [1]}, "polling_schedule_s", [1]),
    ],
)
def test_a_change_is_made_and_named(changes: dict[str, Any], field: str, value: Any) -> None:
    """A change tells which field differs, who made it and when, and counts up."""
    after, names = change(changes)
    stored = getattr(after, field)
    assert names == [field]
    assert value in stored.values() if field in {"senders", "rates"} else stored == value
    assert (after.revision, after.updated_by, after.updated_at) == (4, "bob", NOW)


def test_each_channel_has_a_ramp_of_its_own() -> None:
    """Warming up by mail leaves the ramp of texts alone; what is no ramp is refused."""
    ramp = {"starts_on": "2026-04-01", "first_day": 10, "growth": 2}
    after, names = change({"warm_up": {"email": ramp}})
    assert (after.warm_up, names) == ({**DECIDED.warm_up, "email": ramp}, ["warm_up"])
    after, _ = change({"warm_up": {"sms": None}})
    assert after.warm_up == {}
    with pytest.raises(InvalidFieldError, match="YYYY-MM-DD"):
        change({"warm_up": {"email": {**ramp, "starts_on": "tomorrow"}}})


def test_a_channel_that_is_not_named_keeps_what_it_has() -> None:
    """Naming one channel leaves the others alone; null takes one away, or all of them."""
    after, _ = change({"senders": {"whatsapp": "+12025550113"}})
    assert set(after.senders) == {"voice", "sms", "whatsapp"}
    after, _ = change({"senders": {"sms": None}})
    assert set(after.senders) == {"voice"}
    after, names = change({"senders": None, "rates": None})
    assert (after.senders, after.rates, names) == ({}, {}, ["senders", "rates"])


def test_what_changes_nothing_is_no_change() -> None:
    """The same values once more leave revision and author as they were."""
    same = organisation_fields(DECIDED)
    after, names = change({name: same[name] for name in ("senders", "quiet_hours", "rates")})
    assert (after, names) == (DECIDED, [])


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"senders": {"sms": "2025550112"}}, "senders.sms", "E.164"),
        ({"senders": {"voice": "+(((((("}}, "senders.voice", "not a phone number"),
        ({"default_zone": "America/Nowhere"}, "default_zone", "no time zone"),
        ({"default_zone": "../etc/passwd"}, "default_zone", "no time zone"),
        ({"default_zone": "EST5EDT4"}, "default_zone", "no time zone"),
        ({"default_zone": "localtime"}, "default_zone", "no time zone"),
        ({"default_zone": "Factory"}, "default_zone", "no time zone"),
        ({"quiet_hours": {"start": "9:00", "end": "10:00"}}, "quiet_hours.start", "HH:MM"),
        ({"quiet_hours": {"start": "21:00", "end": "24:00"}}, "quiet_hours.end", "HH:MM"),
        ({"quiet_hours": {"start": "21:00", "end": "21:00"}}, "quiet_hours", "must differ"),
        ({"rates": {"voice": 2.01}}, "rates.voice", "at most 2 a second"),
        ({"rates": {"sms": 0.001}}, "rates.sms", "at least 0.01"),
        ({"polling_schedule_s": []}, "polling_schedule_s", "1 to 20"),
        ({"polling_schedule_s": list(range(1, 22))}, "polling_schedule_s", "1 to 20"),
        ({"polling_schedule_s": [0, 30]}, "polling_schedule_s", "between 1 and"),
        ({"polling_schedule_s": [30, 604_801]}, "polling_schedule_s", "between 1 and"),
        ({"polling_schedule_s": [30, 30]}, "polling_schedule_s", "later than the one before"),
        ({"polling_schedule_s": [30, 20, 40]}, "polling_schedule_s", "later than the one before"),
    ],
)
def test_what_breaks_a_rule_is_refused(changes: dict[str, Any], field: str, told: str) -> None:
    """The error names the field and says what its rule is."""
    with pytest.raises(InvalidFieldError, match=told) as caught:
        change(changes)
    assert caught.value.field == field
    assert field in str(caught.value)


def test_a_channel_without_a_limit_of_the_deployment_may_go_fast() -> None:
    """Where the deployment sets no rate, the organisation's own is the only one."""
    after, _ = change({"rates": {"sms": 500.0}})
    assert after.rates == {"voice": 1.0, "sms": 500.0}


def test_a_number_that_tells_no_zone_is_where_the_organisation_says() -> None:
    """The default zone fills in for a number of no country, and for no other."""
    nowhere, london = parse_phone("+80012345678"), parse_phone("+442079460018")
    assert zones_for(nowhere.zones, "America/New_York") == ("America/New_York",)
    assert zones_for(nowhere.zones, "") == ("Etc/UTC",)
    assert zones_for(london.zones, "America/New_York") == london.zones
    assert zones_for(list(nowhere.zones), "Asia/Kolkata") == ("Asia/Kolkata",)
