"""Caps: how often one person may be reached within some hours."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.errors import InvalidFieldError
from functions.domain.sending_rules.frequency_caps import (
    MOST,
    MOST_HOURS,
    Cap,
    Handing,
    caps_from,
    check_all,
    free_at,
    recent,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

caps = st.builds(
    Cap,
    st.integers(1, 4),
    st.integers(1, 6),
    st.sampled_from((None, frozenset({"sms"}), frozenset({"sms", "email"}))),
)
handings = st.lists(
    st.builds(
        Handing,
        st.integers(0, 8 * 60).map(lambda ago: NOW - ago * MINUTE),
        st.sampled_from(("sms", "email", "voice")),
    ),
    max_size=12,
).map(lambda each: {str(number): handing for number, handing in enumerate(each)})


def has_room(handed: dict[str, Handing], cap: Cap, at: datetime) -> bool:
    """Say the rule in the plainest words: fewer than `most` in the hours up to this instant."""
    counted = [
        each
        for each in handed.values()
        if (cap.channels is None or each.channel in cap.channels)
        and at - each.at < timedelta(hours=cap.hours)
    ]
    return len(counted) < cap.most


@given(handings, st.lists(caps, min_size=1, max_size=3))
def test_the_first_minute_with_room_under_all_caps_is_found(
    handed: dict[str, Handing], each: list[Cap]
) -> None:
    """None earlier would do, and from then on it stays so."""
    minutes = (NOW + number * MINUTE for number in range(7 * 60))
    first = next(at for at in minutes if all(has_room(handed, cap, at) for cap in each))
    assert free_at(handed, each, now=NOW) == first


@given(handings)
def test_without_caps_there_is_always_room(handed: dict[str, Handing]) -> None:
    """Who keeps to no cap waits for none."""
    assert free_at(handed, [], now=NOW) == NOW


def test_what_no_cap_can_count_is_dropped() -> None:
    """What is older than the longest cap goes, and of each channel all but the newest."""
    old = Handing(NOW - timedelta(hours=MOST_HOURS), "sms")
    new = old._replace(at=old.at + MINUTE)
    assert recent({"old": old, "new": new}, now=NOW) == {"new": new}
    many = {str(n): Handing(NOW - n * MINUTE, "sms") for n in range(MOST + 5)}
    mail = {"mail": Handing(NOW - 10 * HOUR, "email")}
    kept = recent({**many, **mail}, now=NOW)
    assert set(kept) == {*map(str, range(MOST)), "mail"}


def test_caps_read_back_as_they_were_stored() -> None:
    """Channels are those named, or all."""
    stored: list[dict[str, Any]] = [
        {"most": 3, "hours": 24, "channels": ["sms"]},
        {"most": 9, "hours": 2},
    ]
    assert caps_from(stored) == (Cap(3, 24, frozenset({"sms"})), Cap(9, 2))
    assert [cap.counts("voice") for cap in caps_from(stored)] == [False, True]


@pytest.mark.parametrize(
    ("caps_", "field"),
    [
        ([{"most": 0, "hours": 1}], "caps.0.most"),
        ([{"most": 1, "hours": 1}, {"most": MOST + 1, "hours": 1}], "caps.1.most"),
        ([{"most": 1, "hours": MOST_HOURS + 1}], "caps.0.hours"),
        ([{"most": 1, "hours": 1, "channels": []}], "caps.0.channels"),
        ([{"most": 1, "hours": 1}] * 11, "caps"),
    ],
)
def test_a_cap_that_breaks_a_rule_is_refused(caps_: list[dict[str, Any]], field: str) -> None:
    """The error names the field."""
    with pytest.raises(InvalidFieldError) as caught:
        check_all("caps", caps_)
    assert caught.value.field == field
    check_all("caps", [{"most": MOST, "hours": MOST_HOURS, "channels": None}])
