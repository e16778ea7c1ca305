"""When the runs of a broadcast come that repeats itself, and what each takes from the last."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.send import Send
from functions.domain.campaigns.series import begun, successor
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import CampaignKind, ChannelKind

NEW_YORK, LORD_HOWE = "America/New_York", "Australia/Lord_Howe"
NINE = "BYHOUR=9;BYMINUTE=0"
START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def first(rrule: str, zone: str = NEW_YORK, begins_at: datetime = START, **ends: Any) -> Campaign:
    """Return the first run of a series."""
    repeat = begun(rrule, zone, begins_at, **ends)
    return Campaign(
        id="first",
        org="acme",
        name="News",
        kind=CampaignKind.BROADCAST,
        status=CampaignStatus.SCHEDULED,
        epoch=1,
        own_send=Send("", ChannelKind.SMS, "simulator", ""),
        audience=Audience(AudienceKind.EVERYONE),
        lanes=1,
        created_at=START,
        created_by="ann",
        scheduled_at=repeat.occurrence,
        series="first",
        repeat=repeat,
    )


def all_runs(run: Campaign) -> Iterator[Campaign]:
    """Yield the runs of a series, each made as the one before starts."""
    at: Campaign | None = run
    while at is not None:
        yield at
        assert at.scheduled_at is not None
        at = successor(at, now=at.scheduled_at)


def clocks(run: Campaign, most: int = 100) -> list[str]:
    """Return what clocks of its zone show when the runs of a series start."""
    assert run.repeat is not None
    zone = ZoneInfo(run.repeat.zone)
    starts = [each.scheduled_at for each in islice(all_runs(run), most) if each.scheduled_at]
    return [f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in starts]


def test_the_second_monday_of_each_month() -> None:
    """It comes without an end, one run made at a time."""
    shown = clocks(first(f"FREQ=MONTHLY;BYDAY=2MO;{NINE}"), 14)
    assert shown[:4] == [
        "2026-03-09 09:00",
        "2026-04-13 09:00",
        "2026-05-11 09:00",
        "2026-06-08 09:00",
    ]
    assert (len(shown), shown[-1]) == (14, "2027-04-12 09:00")


@pytest.mark.parametrize(
    ("rrule", "ends"),
    [
        ("FREQ=DAILY;COUNT=3", {}),
        ("FREQ=DAILY", {"times": 3}),
        ("FREQ=DAILY;UNTIL=20260303T140000Z", {}),
        ("FREQ=DAILY;UNTIL=20260303", {}),
        ("FREQ=DAILY", {"until": datetime(2026, 3, 3, 14, tzinfo=UTC)}),
        ("FREQ=DAILY", {"times": 3, "until": datetime(2030, 1, 1, tzinfo=UTC)}),
    ],
)
def test_a_series_that_ends_has_its_last_run(rrule: str, ends: dict[str, Any]) -> None:
    """COUNT and UNTIL include their last, whether the rule says them or stand beside it."""
    run = first(f"{rrule};{NINE}", **ends)
    days = ["2026-03-01 09:00", "2026-03-02 09:00", "2026-03-03 09:00"]
    assert clocks(run) == days


@pytest.mark.parametrize("zone", [NEW_YORK, LORD_HOWE])
def test_nine_o_clock_stays_nine_o_clock(zone: str) -> None:
    """Over both changes of clocks of a year, of an hour and of half an hour."""
    run = first(f"FREQ=WEEKLY;{NINE};BYDAY=SU", zone)
    shown = clocks(run, 53)
    assert {each.partition(" ")[2] for each in shown} == {"09:00"}
    offsets = {
        each.scheduled_at.astimezone(ZoneInfo(zone)).utcoffset()
        for each in islice(all_runs(run), 53)
        if each.scheduled_at
    }
    assert len(offsets) == 2


def test_the_thirty_first_leaves_out_short_months() -> None:
    """It is neither moved to the thirtieth nor to the first."""
    shown = clocks(first(f"FREQ=MONTHLY;BYMONTHDAY=31;{NINE}"), 4)
    assert [each[5:10] for each in shown] == ["03-31", "05-31", "07-31", "08-31"]


def test_of_what_was_missed_there_is_one_late_run() -> None:
    """The run behind one that started a week late comes after now, under the next number."""
    run = first(f"FREQ=DAILY;{NINE}", times=2)
    late = successor(run, now=datetime(2026, 3, 8, 12, tzinfo=UTC))
    assert late is not None
    assert late.repeat is not None
    assert (late.repeat.number, clocks(late)) == (2, ["2026-03-08 09:00"])


def test_a_run_that_was_moved_moves_no_other() -> None:
    """Neither to an earlier time, at which the same occurrence must not come again, nor a later."""
    run = first(f"FREQ=WEEKLY;BYDAY=MO;{NINE}")
    assert run.scheduled_at is not None
    for moved in (run.scheduled_at - 2 * DAY, run.scheduled_at + 2 * DAY):
        after = successor(replace(run, scheduled_at=moved), now=moved)
        assert after is not None
        assert clocks(after, 1) == ["2026-03-09 09:00"]


def test_a_run_expires_as_long_after_its_time_as_the_one_before() -> None:
    """Over a change of clocks too; one that was moved before its time leaves the next some."""
    run = first(f"FREQ=WEEKLY;BYDAY=MO;{NINE}")
    assert run.scheduled_at is not None
    evening = replace(run, not_after=run.scheduled_at + 8 * HOUR)
    for each in islice(all_runs(evening), 4):
        assert each.not_after is not None
        assert each.not_after.astimezone(ZoneInfo(NEW_YORK)).hour == 17
    earlier = run.scheduled_at - 3 * DAY
    moved = replace(run, scheduled_at=earlier, not_after=earlier + HOUR)
    after = successor(moved, now=earlier)
    assert after is not None
    assert after.scheduled_at is not None
    assert after.not_after == after.scheduled_at + HOUR


def test_the_next_run_is_new() -> None:
    """What has happened to a run has not happened to the next; what it says is the same."""
    run = first(f"FREQ=DAILY;{NINE}")
    assert run.scheduled_at is not None
    lived = replace(
        run,
        status=CampaignStatus.RUNNING,
        epoch=7,
        started_at=START,
        paused_at=START,
        resumed_at=START,
        reason="wrong prices",
        trouble="launch",
        canary_passed=True,
        bot_ready=True,
    )
    after, as_new = (successor(each, now=run.scheduled_at) for each in (lived, run))
    assert after == as_new
    assert after is not None
    assert (after.id != run.id, after.series, after.status) == (True, "first", "scheduled")


@pytest.mark.parametrize(
    ("rrule", "ends", "field", "words"),
    [
        ("FREQ=DAILY;INTERVAL=0", {}, "repeat.rrule", "INTERVAL: must be whole numbers from 1"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", {}, "repeat.rrule", "within ten years"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6", {}, "repeat.rrule", "within ten years"),
        ("FREQ=DAILY;UNTIL=20200101", {}, "repeat.rrule", "UNTIL: lies before the first"),
        ("FREQ=DAILY", {"until": START - DAY}, "repeat.until", "lies before the first run"),
        ("FREQ=DAILY", {"at_any_time": True}, "repeat.rrule", "BYHOUR and BYMINUTE: are missing"),
        ("FREQ=DAILY;BYHOUR=9", {"at_any_time": True}, "repeat.rrule", "or give scheduled_at"),
    ],
)
def test_an_impossible_series_is_refused(
    rrule: str, ends: dict[str, Any], field: str, words: str
) -> None:
    """By its field and the part of the rule, before there is anything of it."""
    with pytest.raises(InvalidFieldError, match=words) as caught:
        first(rrule, **ends)
    assert caught.value.field == field
    assert str(caught.value).startswith(f"{field}: ")
