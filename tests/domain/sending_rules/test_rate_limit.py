"""Rates and live-call slots."""

from datetime import UTC, datetime, timedelta
from itertools import cycle, pairwise

from hypothesis import given
from hypothesis import strategies as st

from functions.domain.sending_rules.rate_limit import (
    RECOVERY,
    SLOWEST,
    Scope,
    Slowdown,
    hold,
    reserve,
    spacing,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HORIZON = timedelta(seconds=0.25)
MICROSECOND = timedelta(microseconds=1)

rates = st.one_of(st.integers(1, 1000).map(float), st.floats(0.05, 1000))
#: What is asked for: how many sends, and how long after the request before.
requests = st.lists(
    st.tuples(st.integers(1, 50), st.timedeltas(timedelta(0), timedelta(seconds=3))), max_size=30
)
ids = st.lists(st.sampled_from("abcdefgh"), max_size=8)


# --- One scope --------------------------------------------------------------------------------


def _departures(asked: list[tuple[int, timedelta]], rate: float) -> list[datetime]:
    """Return when the sends leave that a series of reservations grants."""
    now, free_at, departures = NOW, None, []
    for count, wait in asked:
        now += wait
        scope = Scope(spacing(rate), free_at)
        turns, (free_at,) = reserve([scope], [1] * count, earliest=now, horizon=SECOND)
        departures += turns
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
    scope = Scope(spacing(rate))
    turns, (free_at,) = reserve([scope], [1] * count, earliest=NOW, horizon=SECOND)
    assert 1 <= len(turns) <= count
    assert all(NOW <= turn <= NOW + SECOND for turn in turns)
    assert free_at == turns[-1] + scope.interval


def test_nothing_is_granted_while_there_is_no_room() -> None:
    """A scope that is taken beyond the horizon grants nothing, and tells from when it is free."""
    taken_until = NOW + SECOND + MICROSECOND
    scope = Scope(spacing(2), taken_until)
    assert reserve([scope], [1] * 5, earliest=NOW, horizon=SECOND) == ([], [taken_until])


def test_without_a_scope_everything_may_leave_at_once() -> None:
    """Where nothing has a rate, every turn is now."""
    assert reserve([], [1, 3], earliest=NOW, horizon=SECOND) == ([NOW, NOW], [])


def test_a_message_of_three_segments_takes_three_turns() -> None:
    """What follows a long text waits three times as long; only scopes that go by weight do so."""
    by_weight, by_message = Scope(SECOND, by_weight=True), Scope(SECOND)
    weights = [1, 3, 1]
    turns, _ = reserve([by_weight], weights, earliest=NOW, horizon=10 * SECOND)
    assert turns == [NOW, NOW + SECOND, NOW + 4 * SECOND]
    turns, _ = reserve([by_message], weights, earliest=NOW, horizon=10 * SECOND)
    assert turns == [NOW, NOW + SECOND, NOW + 2 * SECOND]


# --- Several scopes ---------------------------------------------------------------------------


campaigns = st.dictionaries(st.sampled_from("abc"), rates, min_size=1)
#: A campaign, the weights of its messages, and how long after the request before.
weighed = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.lists(st.integers(1, 8), min_size=1, max_size=20),
        st.timedeltas(timedelta(0), SECOND),
    ),
    max_size=30,
)


@given(campaigns, rates, rates, weighed)
def test_no_scope_sees_more_than_its_rate_in_any_window(
    of_campaigns: dict[str, float],
    of_sender: float,
    of_account: float,
    asked: list[tuple[str, list[int], timedelta]],
) -> None:
    """Whoever asks when for how much, each scope sees what the window and the horizon hold.

    One message more is the one-off: a long text is sent whole. Nothing is granted in the past.
    """
    intervals = {name: spacing(rate) for name, rate in of_campaigns.items()}
    intervals |= {"sender": spacing(of_sender), "account": spacing(of_account)}
    free: dict[str, datetime] = {}
    seen: dict[str, list[tuple[datetime, int]]] = {name: [] for name in intervals}
    now = NOW
    for campaign, weights, wait in asked:
        now += wait
        names = [name for name in ("account", "sender", campaign) if name in intervals]
        scopes = [Scope(intervals[n], free.get(n), by_weight=n != "account") for n in names]
        turns, after = reserve(scopes, weights, earliest=now, horizon=HORIZON)
        assert all(now <= turn <= now + HORIZON for turn in turns)
        assert turns == sorted(turns)
        if turns:
            free |= dict(zip(names, after, strict=True))
        for name in names:
            charges = [1] * len(weights) if name == "account" else weights
            seen[name] += zip(turns, charges, strict=False)
    for name, charged in seen.items():
        _check_windows(sorted(charged), intervals[name])


def _check_windows(charged: list[tuple[datetime, int]], interval: timedelta) -> None:
    for first, (start, _) in enumerate(charged):
        window = charged[first:]
        total = 0
        for end, charge in window:
            total += charge
            room = (end - start + HORIZON) / interval
            assert total <= room + max(each for _, each in window)


@given(
    st.lists(st.floats(1, 60), min_size=2, max_size=6),
    st.floats(5, 100),
    st.lists(st.integers(1, 3), min_size=20, max_size=20),
)
def test_no_capacity_is_wasted_while_there_is_work(
    of_campaigns: list[float], of_sender: float, weights: list[int]
) -> None:
    """Campaigns that always have work use up their sender's rate, or each its own if that is less.

    A slow campaign whose turn lies ahead keeps no faster one from what lies before it.
    """
    sender, own = spacing(of_sender), [spacing(rate) for rate in of_campaigns]
    free: list[datetime | None] = [None] * len(own)
    free_at, granted, ticks = None, timedelta(), 200
    for tick, number in zip(range(ticks), cycle(range(len(own))), strict=False):
        now = NOW + tick * SECOND / 20
        for each in (*range(number, len(own)), *range(number)):
            scopes = [
                Scope(sender, free_at, by_weight=True),
                Scope(own[each], free[each], by_weight=True),
            ]
            turns, after = reserve(scopes, weights, earliest=now, horizon=HORIZON)
            if turns:
                free_at, free[each] = after
            granted += sum(weights[: len(turns)]) * sender
    length = (ticks - 1) * SECOND / 20
    wanted = min(1.0, sum(of_campaigns) / of_sender) * length
    assert granted >= wanted * 0.999


@given(st.lists(st.tuples(st.integers(1, 20), st.timedeltas(timedelta(0), SECOND)), max_size=30))
def test_campaigns_as_fast_as_their_sender_share_its_very_turns(
    asked: list[tuple[int, timedelta]],
) -> None:
    """Where no scope is slower than the one they share, its turns are spaced without exception."""
    shared, free_at, turns, now = spacing(50), None, [], NOW
    own: dict[int, datetime] = {}
    for number, (count, wait) in enumerate(asked):
        now += wait
        campaign = number % 3
        scopes = [Scope(shared, free_at), Scope(shared, own.get(campaign))]
        granted, after = reserve(scopes, [1] * count, earliest=now, horizon=HORIZON)
        if granted:
            free_at, own[campaign] = after
        turns += granted
    assert all(later - earlier >= shared for earlier, later in pairwise(turns))


# --- Slowing down -----------------------------------------------------------------------------


def test_a_slowed_scope_recovers_evenly_within_two_minutes() -> None:
    """Half the rate at once, three quarters after a minute, all of it after two, for good."""
    slowed = Slowdown().cut(NOW)
    shares = [slowed.share_at(NOW + minutes * 60 * SECOND) for minutes in (0, 1, 2, 60)]
    assert shares == [0.5, 0.75, 1.0, 1.0]
    assert slowed.share_at(NOW - SECOND) == 0.5  # by the clock of another process
    assert Slowdown().share_at(NOW) == 1.0


def test_many_answers_within_a_second_are_one_cut() -> None:
    """A hundred refusals at once halve the rate once; a second later they halve it again."""
    slowed = Slowdown()
    for n in range(100):
        slowed = slowed.cut(NOW + n * SECOND / 101)
    assert slowed == Slowdown(0.5, NOW)
    assert 0.25 < slowed.cut(NOW + SECOND).share < 0.26


@given(st.lists(st.timedeltas(timedelta(0), timedelta(minutes=5)), max_size=50))
def test_a_scope_never_stops_nor_exceeds_its_rate(waits: list[timedelta]) -> None:
    """However often it is slowed down, between a sixteenth and all of the rate is left."""
    slowed, now = Slowdown(), NOW
    for wait in waits:
        now += wait
        slowed = slowed.cut(now)
        assert SLOWEST <= slowed.share <= slowed.share_at(now + SECOND) <= 1.0
    assert slowed.share_at(now + RECOVERY) == 1.0


# --- Live calls -------------------------------------------------------------------------------


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
