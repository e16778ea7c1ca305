"""When actions are expected: windows, ranges, and what definitions change of it."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from functions.domain.errors import InvalidFieldError
from tests.client.conftest import DAY, Library, action, definition
from tests.clock import NOON

HOUR: Final = timedelta(hours=1)
MIDNIGHT: Final = NOON - 12 * HOUR
SUBJECTS: Final = [f"customer#{number}" for number in range(60)]


async def drawn(library: Library, **interval: Any) -> list[datetime]:
    """Return when sixty subjects who are scheduled now get an action."""
    scheduler = await library.open(works=False)
    await scheduler.define(definition(actions=[action("a", **interval)]))
    made = await scheduler.schedule_many("afterPurchase", SUBJECTS)
    return [at for each in made if (at := each.actions[0].expected_at)]


def at(library: Library, hours: float) -> None:
    """Let it be so many hours after midnight."""
    library.clock.advance(MIDNIGHT + timedelta(hours=hours) - library.clock.now())


async def test_at_half_past_eleven_at_night_a_window_of_the_day_is_tomorrow_s(
    library: Library,
) -> None:
    """And not one that has passed, which would be called at once."""
    at(library, 23.5)
    times = await drawn(library, offset="0days", time="09:00-17:00")
    assert min(times) >= MIDNIGHT + DAY + 9 * HOUR
    assert max(times) <= MIDNIGHT + DAY + 17 * HOUR
    assert len({each.minute for each in times}) > 20


async def test_inside_of_a_window_the_rest_of_it_is_drawn_from(library: Library) -> None:
    """Today, between now and its end."""
    at(library, 15)
    times = await drawn(library, offset="0days", time="09:00-17:00")
    assert min(times) >= MIDNIGHT + 15 * HOUR
    assert max(times) <= MIDNIGHT + 17 * HOUR


async def test_a_window_over_midnight_is_drawn_from_on_both_sides_of_it(library: Library) -> None:
    """From ten in the evening until four in the morning."""
    times = await drawn(library, offset="0days", time="22:00-04:00")
    assert MIDNIGHT + 22 * HOUR <= min(times) < MIDNIGHT + DAY < max(times)
    assert max(times) <= MIDNIGHT + DAY + 4 * HOUR


async def test_every_process_tells_the_same_instants(library: Library) -> None:
    """Before and after somebody is scheduled, and however often they are asked for."""
    interval = {"offset": "2days-5days", "time": "10:00-15:00"}
    times = await drawn(library, **interval)
    other = await library.open(works=False)
    for subject, time in zip(SUBJECTS[:5], times, strict=False):
        would = await other.calculate_actions("afterPurchase", subject)
        assert [each.expected_at for each in would] == [time]
        (found,) = await other.get_actions(subject=subject)
        assert found.expected_at == time
    assert {each.hour for each in times} == {10, 11, 12, 13, 14}
    assert {(each - MIDNIGHT).days for each in times} == {2, 3, 4, 5}


@pytest.mark.parametrize(
    ("offset", "first", "last"),
    [
        ("30min", 30, 30),
        ("1day 2hours 25minutes", 1585, 1585),
        ("0days-5days", 0, 5 * 1440),
        ("2days-5hours", 300, 2 * 1440),
        ("1M", 31 * 1440, 31 * 1440),
    ],
)
async def test_offsets_mean_what_they_say(
    library: Library, offset: str, first: int, last: int
) -> None:
    """Ranges in either order, minutes by any of their names, months of the calendar."""
    times = await drawn(library, offset=offset)
    minutes = [(each - library.clock.now()) / timedelta(minutes=1) for each in times]
    assert first <= min(minutes)
    assert max(minutes) <= last
    assert len(set(minutes)) == (1 if first == last else len(SUBJECTS))


@pytest.mark.parametrize(
    ("interval", "member", "term"),
    [
        ({"offset": "2 days"}, "offset", "2"),
        ({"offset": "1.5days"}, "offset", "1.5days"),
        ({"offset": "5"}, "offset", "5"),
        ({"offset": "1day nonsense"}, "offset", "nonsense"),
        ({"offset": "1day", "time": "25:00"}, "time", "25:00"),
    ],
)
async def test_what_is_no_interval_is_refused_by_its_term(
    library: Library, interval: dict[str, str], member: str, term: str
) -> None:
    """None of it means now."""
    scheduler = await library.open(works=False)
    wrong = {"id": "a", "interval": interval, "callback": {"id": "x"}}
    with pytest.raises(InvalidFieldError, match=f"'{term}'") as refused:
        await scheduler.define(definition(actions=[wrong]))
    assert refused.value.field == f"actions.0.interval.{member}"


async def test_a_changed_interval_counts_from_when_each_subject_was_scheduled(
    library: Library,
) -> None:
    """Two who were scheduled a day apart; an action that did not change keeps its time."""
    scheduler = await library.open(works=False)
    kept = action("kept", "5days", time="10:00-15:00")
    await scheduler.define(definition(actions=[kept, action("moved", "9days")]))
    await scheduler.schedule("afterPurchase", "ann")
    library.clock.advance(DAY)
    await scheduler.schedule("afterPurchase", "bob")
    before = [each.expected_at for each in await scheduler.get_actions(action_id="kept")]
    library.clock.advance(DAY)
    late = action("late", "1hour")
    await scheduler.define(definition(actions=[kept, action("moved", "4days"), late]))

    assert [each.expected_at for each in await scheduler.get_actions(action_id="kept")] == before
    moved = await scheduler.get_actions(action_id="moved")
    assert {each.subject: each.expected_at for each in moved} == {
        "ann": NOON + 4 * DAY,
        "bob": NOON + 5 * DAY,
    }
    assert await scheduler.get_actions(action_id="late") == []


async def test_a_time_of_day_holds_over_clock_changes(library: Library) -> None:
    """Ten in the morning in New York and on Lord Howe Island, before, on and after that Sunday."""
    library.clock.advance(datetime(2026, 3, 1, tzinfo=UTC) - NOON + timedelta(days=3))
    scheduler = await library.open(works=False)
    actions = [action(f"day{number}", f"{number}days", time="10:00") for number in range(1, 46)]
    for zone, hours in (("America/New_York", {15, 14}), ("Australia/Lord_Howe", {23})):
        await scheduler.define(definition(id=zone, actions=actions, timezone=zone))
        found = await scheduler.calculate_actions(zone)
        times = [each.expected_at for each in found if each.expected_at]
        assert {each.hour for each in times} == hours
        assert len({each.date() for each in times}) == 45
