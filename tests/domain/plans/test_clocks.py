"""Times of day, calendars and quiet hours where clocks are changed."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.calendar.durations import Duration
from functions.domain.plans.parts import Schedule, Until
from functions.domain.plans.plan import zone_of_walk
from functions.domain.plans.timing import due_at
from functions.domain.sending_rules.windows import DAYS, QuietHours, next_open
from tests.domain.plans.walking import plan, send

DAY = timedelta(days=1)
#: Zones with the days on which their clocks change in 2026, and by how much; some never do.
CHANGES = {
    "America/Los_Angeles": (date(2026, 3, 8), date(2026, 11, 1)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Europe/London": (date(2026, 3, 29), date(2026, 10, 25)),
    "Asia/Kolkata": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Lord_Howe": (date(2026, 10, 4), date(2026, 4, 5)),
    "Pacific/Kiritimati": (date(2026, 3, 8), date(2026, 11, 1)),
}
CASES = [(zone, day) for zone, days in CHANGES.items() for day in days]
every_change = pytest.mark.parametrize(("zone", "day"), CASES)


def shown(at: datetime, zone: str) -> tuple[date, time]:
    """Return what calendar and clock show there."""
    local = at.astimezone(ZoneInfo(zone))
    return local.date(), local.time()


def local(day: date, at: str, zone: str) -> datetime:
    """Return when clocks there show a time."""
    return datetime.combine(day, time.fromisoformat(at), ZoneInfo(zone)).astimezone(UTC)


@every_change
def test_ten_o_clock_is_ten_o_clock_on_the_day_of_the_change(zone: str, day: date) -> None:
    """By a delay, an until and a weekday; the day before and the day after as well."""
    for offset in (-1, 0, 1):
        that = day + offset * DAY
        since = local(that - 2 * DAY, "14:45", zone)
        weekday = DAYS[that.weekday()]
        for schedule in (
            Schedule(delay="P2D", time="10:00"),
            Schedule.model_validate({"until": {"weekday": weekday, "time": "10:00"}}),
            Schedule.model_validate({"until": {"date": that.isoformat(), "time": "10:00"}}),
        ):
            due = due_at(schedule, since, ZoneInfo(zone))
            assert shown(due, zone) == (that, time(10)), schedule


@every_change
def test_a_day_is_the_same_time_tomorrow(zone: str, day: date) -> None:
    """P1D keeps the clock, PT24H the length; they differ by what clocks are changed by."""
    since = local(day - DAY, "15:00", zone)
    tomorrow = Duration(days=1).add(since, ZoneInfo(zone))
    assert shown(tomorrow, zone) == (day, time(15))
    assert Duration(exact=DAY).add(since, ZoneInfo(zone)) == since + DAY
    changed = since.astimezone(ZoneInfo(zone)).utcoffset()
    after = tomorrow.astimezone(ZoneInfo(zone)).utcoffset()
    assert changed is not None
    assert after is not None
    assert tomorrow - since == DAY - (after - changed)


@every_change
def test_every_minute_of_the_day_of_the_change_has_an_instant(zone: str, day: date) -> None:
    """One that clocks skip comes with the jump, one that they show twice the first time."""
    before = local(day - DAY, "12:00", zone)
    dues = [
        due_at(
            Schedule(until=Until(date=day.isoformat(), time=f"{minute // 60:02}:{minute % 60:02}")),
            before,
            ZoneInfo(zone),
        )
        for minute in range(0, 1440, 15)
    ]
    assert all(shown(due, zone)[0] == day for due in dues)
    for minute, due in zip(range(0, 1440, 15), dues, strict=True):
        clock = shown(due, zone)[1]
        assert clock.hour * 60 + clock.minute - minute in {0, 30, 60}
        assert due.astimezone(ZoneInfo(zone)).fold == 0


#: Around both changes of each zone.
_INSTANTS = st.sampled_from(CASES).flatmap(
    lambda case: st.tuples(
        st.just(case[0]),
        st.integers(-3 * 1440, 3 * 1440).map(
            lambda minutes: local(case[1], "00:00", case[0]) + timedelta(minutes=minutes)
        ),
    )
)
_TIMES = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")


@given(_INSTANTS, _TIMES, _TIMES)
def test_quiet_hours_move_a_message_into_the_first_open_minute(
    instant: tuple[str, datetime], start: str, end: str
) -> None:
    """Never into the past, west of Greenwich either, nor by more than a day and the change.

    What was moved once is not moved again: nobody is put off hour by hour without end.
    """
    zone, at = instant
    quiet = QuietHours(start, end).window
    moved = next_open([quiet], [zone], now=at)
    assert moved is not None
    assert at <= moved <= at + DAY + timedelta(hours=1)
    assert next_open([quiet], [zone], now=moved) == moved
    if start != end:
        clock = shown(moved, zone)[1]
        first, last = time.fromisoformat(start), time.fromisoformat(end)
        is_quiet = first <= clock < last if first < last else clock >= first or clock < last
        assert not is_quiet


@given(_INSTANTS, _TIMES, st.sampled_from(DAYS))
def test_the_next_such_weekday_is_within_a_week(
    instant: tuple[str, datetime], clock: str, weekday: str
) -> None:
    """From the instant on, and never before it."""
    zone, since = instant
    schedule = Schedule.model_validate({"until": {"weekday": weekday, "time": clock}})
    due = due_at(schedule, since, ZoneInfo(zone))
    assert since <= due <= since + 7 * DAY + timedelta(hours=1)
    assert DAYS[shown(due, zone)[0].weekday()] == weekday


@given(_INSTANTS, st.integers(0, 40), _TIMES)
def test_a_step_is_never_due_before_its_entry(
    instant: tuple[str, datetime], days: int, clock: str
) -> None:
    """Nor more than a day later than its offset says."""
    zone, since = instant
    due = due_at(Schedule(delay=f"P{days}D", time=clock), since, ZoneInfo(zone))
    assert since <= due
    assert abs(due - since - days * DAY) <= DAY + timedelta(hours=1)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], "Europe/Berlin"),
        (["Asia/Kolkata"], "Asia/Kolkata"),
        (["America/New_York", "America/Los_Angeles", "America/Chicago"], "America/Los_Angeles"),
        (["Mars/Olympus"], "Europe/Berlin"),
        (["Mars/Olympus", "Asia/Kolkata"], "Asia/Kolkata"),
    ],
)
def test_who_may_be_in_several_zones_is_sent_to_at_the_last_ten_o_clock(
    names: list[str], expected: str
) -> None:
    """Nobody is sent to before it is ten; a zone that there is no more is passed over."""
    walked = plan(send("a"), timezone="Europe/Berlin")
    zone = zone_of_walk(walked, names, datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert zone == ZoneInfo(expected)
