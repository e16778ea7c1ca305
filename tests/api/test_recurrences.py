"""Rules of recurrence over HTTP: previewed in words and instants, and refused by part."""

from typing import Any

import pytest

from tests.api.rig import Rig

SECOND_MONDAYS = "FREQ=MONTHLY;BYDAY=2MO;BYHOUR=9;BYMINUTE=0;COUNT=12"


async def preview(rig: Rig, **more: Any) -> dict[str, Any]:
    """Preview the second Mondays of New York, or another rule."""
    asked = {"rrule": SECOND_MONDAYS, "zone": "America/New_York", **more}
    told: dict[str, Any] = (await rig.post("/recurrences/preview", asked)).json()
    return told


async def test_a_rule_is_said_in_words_and_shown_in_instants(rig: Rig) -> None:
    """UTC, and as clocks there show it: nine o'clock in winter and in summer."""
    told = await preview(rig, start="2026-02-01T00:00:00Z", n=3)
    assert told == {
        "words": "every second Monday of the month at 09:00, 12 times",
        "zone": "America/New_York",
        "start": "2026-02-01T00:00:00.000Z",
        "occurrences": [
            {
                "number": 1,
                "at": "2026-02-09T14:00:00.000Z",
                "local": "2026-02-09T09:00:00-05:00",
            },
            {
                "number": 2,
                "at": "2026-03-09T13:00:00.000Z",
                "local": "2026-03-09T09:00:00-04:00",
            },
            {
                "number": 3,
                "at": "2026-04-13T13:00:00.000Z",
                "local": "2026-04-13T09:00:00-04:00",
            },
        ],
        "has_more": True,
    }


async def test_all_of_a_rule_that_ends_are_shown(rig: Rig) -> None:
    """And that there are no more; without a start it holds from now on, ten at first."""
    told = await preview(rig, n=100)
    assert (len(told["occurrences"]), told["has_more"]) == (12, False)
    told = await preview(rig, rrule="FREQ=DAILY")
    assert (len(told["occurrences"]), told["has_more"]) == (10, True)
    assert told["occurrences"][0]["at"][:16] == told["start"][:16]


@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [
        ({"rrule": "FREQ=DAILY;INTERVAL=0"}, "rrule", "INTERVAL: must be whole numbers from 1"),
        ({"rrule": "FREQ=HOURLY"}, "rrule", "FREQ: must be one of DAILY"),
        ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "rrule", "within ten years"),
        ({"rrule": "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6"}, "rrule", "within ten years"),
        ({"rrule": "FREQ=DAILY;UNTIL=20200101"}, "rrule", "UNTIL: lies before the first"),
        ({"rrule": "every Monday"}, "rrule", "one line without blanks"),
        ({"rrule": ""}, "rrule", ""),
        ({"rrule": "X" * 501}, "rrule", "500"),
        ({"zone": "PST"}, "zone", "there is no time zone 'PST'"),
        ({"zone": "EST"}, "zone", "write America/New_York, not EST"),
        ({"zone": "Mars/Olympus"}, "zone", "there is no time zone"),
        ({"start": "2026-02-01T00:00:00"}, "start", "with its zone"),
        ({"start": "0001-01-01T00:00:00Z"}, "start", "between the years 1970 and 2200"),
        ({"start": "9999-12-31T23:59:59Z"}, "start", "between the years 1970 and 2200"),
        ({"n": 0}, "n", "1"),
        ({"n": 101}, "n", "100"),
        ({"n": "3"}, "n", "integer"),
        ({"count": 3}, "count", ""),
    ],
)
async def test_what_is_wrong_is_refused_by_its_part(
    rig: Rig, asked: dict[str, Any], field: str, words: str
) -> None:
    """With 400, the field and what is wrong with it."""
    whole = {"rrule": SECOND_MONDAYS, "zone": "America/New_York", **asked}
    refused = await rig.post("/recurrences/preview", whole)
    assert refused.status_code == 400
    told = refused.json()
    problem = told.get("errors", [{"field": field, "message": told["detail"]}])[0]
    assert problem["field"] == field
    assert words in problem["message"]
    assert told["detail"].startswith(f"{field}: ") or "errors" in told
