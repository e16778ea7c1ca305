"""Rates and live-call slots."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from functions.domain.throttle import hold, reserve

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)

rates = st.one_of(st.integers(1, 1000).map(float), st.floats(0.05, 1000))
#: What is asked for: how many sends, and how long after the request before.
requests = st.lists(
    st.tuples(st.integers(1, 50), st.timedeltas(timedelta(0), timedelta(seconds=3))), max_size=30
)
ids = st.lists(st.sampled_from("abcdefgh"), max_size=8)


def _departures(asked: list[tuple[int, timedelta]], rate: float) -> list[datetime]:
    """Return when the sends leave that a series of reservations grants."""
    now, free_at, departures = NOW, None, []
    for count, wait in asked:
        now += wait
        room, free_at = reserve(free_at, count, rate, now=now, horizon=SECOND)
        departures += [room.first_at + n * room.interval for n in range(room.granted)]
    return departures


@given(requests, rates)
def test_no_second_sees_more_than_the_rate(asked: list[tuple[int, timedelta]], rate: float) -> None:
    """However reservations are made, no second holds more sends than the rate, rounded up."""
    departures = _departures(asked, rate)
    most = -int(-rate // 1)
    for first, after in zip(departures, departures[most:], strict=False):
        assert after - first >= SECOND


@given(st.integers(1, 200), rates)
def test_a_reservation_lies_within_the_horizon(count: int, rate: float) -> None:
    """Nothing is granted that would begin after the horizon, and something where there is room."""
    room, free_at = reserve(None, count, rate, now=NOW, horizon=SECOND)
    assert 1 <= room.granted <= count
    assert NOW <= room.first_at + (room.granted - 1) * room.interval <= NOW + SECOND
    assert free_at == room.first_at + room.granted * room.interval


def test_nothing_is_granted_while_there_is_no_room() -> None:
    """A scope that is taken beyond the horizon grants nothing and keeps its state."""
    taken_until = NOW + SECOND + timedelta(microseconds=1)
    room, free_at = reserve(taken_until, 5, 2, now=NOW, horizon=SECOND)
    assert (room.granted, free_at) == (0, taken_until)


@given(st.lists(ids, max_size=20), st.integers(1, 5))
def test_slots_never_exceed_the_limit(asked: list[list[str]], limit: int) -> None:
    """However often slots are asked for, there are never more than the limit."""
    held: dict[str, datetime] = {}
    for wanted in asked:
        granted, held = hold(held, wanted, limit, now=NOW, until=NOW + SECOND)
        assert len(held) <= limit
        assert set(granted) <= set(held)


@given(ids, st.integers(1, 5))
def test_an_id_holds_one_slot_however_often_it_asks(wanted: list[str], limit: int) -> None:
    """Asking again for the same ids grants the same and takes nothing more."""
    first, held = hold({}, wanted, limit, now=NOW, until=NOW + SECOND)
    again, held_again = hold(held, wanted, limit, now=NOW, until=NOW + SECOND)
    assert (set(again), held_again) == (set(first), held)


def test_a_slot_frees_itself_when_it_expires() -> None:
    """A slot whose time is over makes room, so that a lost hangup blocks nobody for ever."""
    _, held = hold({}, ["a"], 1, now=NOW, until=NOW + SECOND)
    assert hold(held, ["b"], 1, now=NOW, until=NOW + SECOND)[0] == []
    assert hold(held, ["b"], 1, now=NOW + SECOND, until=NOW + 2 * SECOND)[0] == ["b"]
