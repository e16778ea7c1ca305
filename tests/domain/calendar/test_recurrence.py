"""Recurrence: what comes next by a rule, and the rules that are refused."""

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_mock import MockerFixture

from functions.domain.calendar.recurrence import first, next_after, occurrences
from functions.domain.calendar.rules import InvalidRuleError, parse_rule
from tests.domain.calendar.oracle import oracle

NEW_YORK = ZoneInfo("America/New_York")
DAY = timedelta(days=1)
START = datetime(2026, 3, 2, 14, tzinfo=UTC)  # a Monday, 09:00 in New York


def shown(rule: str, start: str, zone: str, most: int = 99) -> list[str]:
    """Return what clocks show at the occurrences of a rule."""
    place = ZoneInfo(zone)
    at = datetime.fromisoformat(start).replace(tzinfo=place)
    found = islice(occurrences(parse_rule(rule), at, place), most)
    return [each.astimezone(place).strftime("%Y-%m-%d %H:%M") for each in found]


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("America/New_York", "2026-03-01T09:00"),
        ("America/New_York", "2026-10-25T09:00"),
        ("Australia/Lord_Howe", "2026-09-27T09:00"),
        ("Europe/London", "2026-10-18T09:00"),
    ],
)
def test_a_weekly_run_at_nine_stays_at_nine_over_clock_changes(zone: str, start: str) -> None:
    """Clocks are changed on the second of these Sundays."""
    assert {at[-5:] for at in shown("FREQ=WEEKLY;COUNT=3", start, zone)} == {"09:00"}


def test_count_and_until_include_their_last() -> None:
    """Twelve times are twelve, and an occurrence at the end itself still comes."""
    start, zone = "2026-03-02T09:00", "America/New_York"
    assert len(shown("FREQ=DAILY;COUNT=12", start, zone)) == 12
    by_utc = shown("FREQ=DAILY;UNTIL=20260305T140000Z", start, zone)
    by_clock = shown("FREQ=DAILY;UNTIL=20260305T090000", start, zone)
    by_day = shown("FREQ=DAILY;UNTIL=20260305", start, zone)
    assert by_utc == by_clock == by_day
    assert by_day[-1] == "2026-03-05 09:00"
    assert len(shown("FREQ=DAILY;UNTIL=20260305T135959Z", start, zone)) == 3


def test_the_31st_skips_short_months() -> None:
    """It does not become their last day."""
    found = shown("FREQ=MONTHLY;COUNT=4", "2026-01-31T10:00", "Europe/London")
    assert [at[:10] for at in found] == ["2026-01-31", "2026-03-31", "2026-05-31", "2026-07-31"]


@pytest.mark.parametrize(
    ("rule", "zone", "start", "expected"),
    [
        # Clocks jump from 02:00 to 03:00: what was to come in between comes an hour later, once.
        (
            "FREQ=DAILY;BYHOUR=2;BYMINUTE=30;COUNT=3",
            "America/New_York",
            "2026-03-07T00:00",
            ["2026-03-07 02:30", "2026-03-08 03:30", "2026-03-09 02:30"],
        ),
        (
            "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=15,45;COUNT=5",
            "America/New_York",
            "2026-03-08T00:00",
            [
                "2026-03-08 03:15",
                "2026-03-08 03:45",
                "2026-03-09 02:15",
                "2026-03-09 02:45",
                "2026-03-09 03:15",
            ],
        ),
        # They show 01:30 twice: the first time counts, once.
        (
            "FREQ=DAILY;BYHOUR=1;BYMINUTE=30;COUNT=3",
            "America/New_York",
            "2026-10-31T00:00",
            ["2026-10-31 01:30", "2026-11-01 01:30", "2026-11-02 01:30"],
        ),
        # Half an hour only.
        (
            "FREQ=DAILY;BYHOUR=2;BYMINUTE=10;COUNT=2",
            "Australia/Lord_Howe",
            "2026-10-04T00:00",
            ["2026-10-04 02:40", "2026-10-05 02:10"],
        ),
        # A century ends soon after: the library counts years up to 9999.
        (
            "FREQ=WEEKLY;COUNT=3",
            "Etc/UTC",
            "1999-12-24T09:00",
            ["1999-12-24 09:00", "1999-12-31 09:00", "2000-01-07 09:00"],
        ),
        # A day that there was not: it and the next are one.
        (
            "FREQ=DAILY;COUNT=3",
            "Pacific/Kiritimati",
            "1994-12-30T09:00",
            ["1994-12-30 09:00", "1995-01-01 09:00", "1995-01-02 09:00"],
        ),
        (
            "FREQ=DAILY;INTERVAL=2;COUNT=3",
            "Pacific/Kiritimati",
            "1994-12-29T09:00",
            ["1994-12-29 09:00", "1995-01-01 09:00", "1995-01-02 09:00"],
        ),
    ],
)
def test_what_clocks_jump_over_or_show_twice_comes_once(
    rule: str, zone: str, start: str, expected: list[str]
) -> None:
    """Nothing is left out, and nothing comes twice."""
    assert shown(rule, start, zone, len(expected)) == expected


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        ("FREQ=MONTHLY;BYDAY=-1FR,MO", "2026-03-17", ["03-23", "03-27", "03-30", "04-06"]),
        ("FREQ=YEARLY;BYDAY=1TU,TH;BYMONTH=12", "2026-11-01", ["12-01", "12-03", "12-10"]),
        ("FREQ=YEARLY;BYDAY=-1TH,FR", "2026-12-24", ["12-25", "12-31", "01-01"]),
        # The first days of 2027 lie in the 53rd week of 2026.
        ("FREQ=YEARLY;BYWEEKNO=53;BYDAY=TH,FR", "2026-12-01", ["12-31", "01-01", "12-30"]),
        ("FREQ=YEARLY;BYWEEKNO=-53;BYDAY=MO", "2019-01-01", ["12-30", "12-29", "12-29"]),
    ],
)
def test_days_with_and_without_numbers_and_weeks_over_new_year_all_come(
    rule: str, start: str, expected: list[str]
) -> None:
    """The library that is asked would leave them out."""
    found = shown(rule, f"{start}T09:00", "Etc/UTC", len(expected))
    assert [at[5:10] for at in found] == expected


_HOURS = st.lists(st.integers(0, 23), min_size=1, max_size=3)
_MINUTES = st.lists(st.sampled_from([0, 15, 30, 45]), min_size=1, max_size=2)
_WEEKDAY = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
_NUMBERED = st.tuples(st.sampled_from([-2, -1, 1, 2, 5]), _WEEKDAY).map(lambda p: f"{p[0]}{p[1]}")
_MONTH_DAYS = st.lists(st.integers(-31, 31).filter(bool), min_size=1, max_size=3)
_POSITIONS = st.lists(st.sampled_from([1, 2, 3, -1, -2]), min_size=1, max_size=2)


def _said(name: str, values: st.SearchStrategy[list[int]] | st.SearchStrategy[list[str]]) -> object:
    return st.one_of(
        st.just(""), values.map(lambda each: f";{name}={','.join(map(str, dict.fromkeys(each)))}")
    )


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Draw a rule of any frequency, with parts that go together."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    text = f"FREQ={frequency};INTERVAL={draw(st.sampled_from([1, 1, 2, 3]))}"
    days = st.lists(_WEEKDAY, min_size=1, max_size=3)
    if frequency in {"MONTHLY", "YEARLY"}:
        each = st.one_of(_WEEKDAY, _NUMBERED)
        days = st.one_of(
            days, st.lists(_NUMBERED, min_size=1, max_size=2), st.lists(each, min_size=2)
        )
    parts = [("BYDAY", days), ("BYHOUR", _HOURS), ("BYMINUTE", _MINUTES)]
    if frequency != "WEEKLY":
        parts.append(("BYMONTHDAY", _MONTH_DAYS))
    parts.append(("BYMONTH", st.lists(st.integers(1, 12), min_size=1, max_size=4)))
    if frequency == "YEARLY" and draw(st.booleans()):
        weeks = st.lists(
            st.sampled_from([1, 2, 20, 52, 53, -1, -2, -52, -53]), min_size=1, max_size=2
        )
        parts = [("BYWEEKNO", weeks), ("BYHOUR", _HOURS)]
    said = [draw(_said(*part)) for part in parts]  # type: ignore[arg-type]
    if frequency != "DAILY" and any(said) and parts[0][0] != "BYWEEKNO":
        said.append(draw(_said("BYSETPOS", _POSITIONS)))  # type: ignore[arg-type]
    end = st.sampled_from(["", "", ";COUNT=5", ";UNTIL=20270105", ";UNTIL=20261108T060000Z"])
    return "".join([text, *map(str, said), draw(end)])


_ZONES = st.sampled_from(
    [
        "Australia/Lord_Howe",
        "Pacific/Kiritimati",
        "America/New_York",
        "America/Los_Angeles",
        "Asia/Kolkata",
    ]
).map(ZoneInfo)
#: Within days of the changes of clocks, and anywhere else.
_STARTS = st.one_of(
    st.tuples(
        st.sampled_from([(2026, 3, 8), (2026, 4, 5), (2026, 10, 4), (2026, 11, 1)]),
        st.integers(-2880, 2880),
    ).map(lambda each: datetime(*each[0], tzinfo=UTC) + timedelta(minutes=each[1])),
    st.integers(0, 500_000).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + n * DAY / 1440),
)


@settings(max_examples=20)
@given(rules(), _STARTS, _ZONES)
def test_what_comes_is_what_a_slow_reading_by_hand_finds(
    text: str, start: datetime, zone: ZoneInfo
) -> None:
    """For random rules, starts and zones: the same instants, the first twenty within a year."""
    rule = parse_rule(text)
    days = 370
    horizon = start + days * DAY
    slow = [at for at in oracle(rule, start, zone, days) if at < horizon]
    ours = takewhile(lambda at: at < horizon, occurrences(rule, start, zone))
    assert list(islice(ours, 20)) == slow[:20]


@given(rules(), _STARTS, _ZONES, st.integers(0, 60 * 24 * 200))
@settings(max_examples=10)
def test_what_comes_next_does_not_hang_on_what_was_asked_before(
    text: str, start: datetime, zone: ZoneInfo, minutes: int
) -> None:
    """Asked from any instant, the answer is the first occurrence behind it."""
    rule = parse_rule(text)._replace(times=None)
    asked = start + timedelta(minutes=minutes)
    slow = [at for at in oracle(rule, start, zone, 370) if at > asked]
    found = next_after(rule, start, zone, last=asked)
    assert found == slow[0] if slow else found is None or found > start + 370 * DAY


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=4,6;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6;BYDAY=MO",
    ],
)
def test_a_rule_that_never_comes_is_refused(rule: str) -> None:
    """And not looked for to the end of time."""
    with pytest.raises(InvalidRuleError, match="nothing comes by this rule within ten years"):
        first(parse_rule(rule), START, NEW_YORK)


def test_what_never_comes_is_looked_for_in_four_hundred_years_at_most(
    mocker: MockerFixture,
) -> None:
    """The library looks up to the year 9999, so it is asked close to that."""
    periods = mocker.spy(rrule._iterinfo, "rebuild")
    rule = parse_rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")
    assert next_after(rule, START, NEW_YORK) is None
    assert periods.call_count <= 401


def test_the_next_occurrence_is_asked_from_the_last_one(mocker: MockerFixture) -> None:
    """However long ago a rule began: the years in between are not counted through."""
    rule = parse_rule("FREQ=MONTHLY;INTERVAL=5;BYDAY=2MO")
    old = START - 3650 * DAY
    periods = mocker.spy(rrule._iterinfo, "rebuild")
    next_after(rule, old, NEW_YORK, last=START)
    assert periods.call_count <= 4


def test_an_end_before_the_first_occurrence_is_refused() -> None:
    """It would say nothing for ever."""
    with pytest.raises(InvalidRuleError, match="UNTIL: lies before the first occurrence"):
        first(parse_rule("FREQ=DAILY;UNTIL=20260301"), START, NEW_YORK)


def test_what_is_counted_is_over_after_that_many() -> None:
    """Whoever asks says how many there have been."""
    rule = parse_rule("FREQ=DAILY;COUNT=2")
    assert next_after(rule, START, NEW_YORK, last=START, count=1) == START + DAY
    assert next_after(rule, START, NEW_YORK, last=START + DAY, count=2) is None
