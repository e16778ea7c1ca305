"""Steps at intervals and steps that repeat: when each message is due, and that it is made once."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.domain.plans.enrollment import Thread
from functions.domain.plans.nexts import AHEAD
from functions.domain.plans.reading import read_plan
from functions.domain.plans.timing import Timing
from functions.domain.plans.words import position, why
from tests.domain.plans.walking import DAY, HOUR, NEW_YORK, START, STOP, Walker, on, plan, send

MONDAYS = {"rrule": "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0"}
DAILY = {"interval": {"offset": "1day", "time": "10:00"}}


def step(**timing: Any) -> dict[str, Any]:
    """Return a step that sends a mail."""
    return {"id": "a", "subject": "Hello", "body": "Hello!", **timing}


def walker(*steps: dict[str, Any], **more: Any) -> Walker:
    """Return somebody who walks through these steps."""
    read, findings = read_plan({"steps": list(steps)}, now=START)
    assert read is not None, findings
    return Walker(read, **more)


def found_in(**timing: Any) -> tuple[str, str, str]:
    """Return the code, place and sentence of what is first found in a step."""
    (first, *_) = read_plan({"steps": [step(**timing)]}, now=START).findings
    return first.code, first.pointer, first.sentence


def shown(walked: Walker) -> list[str]:
    """Return when messages were due by the clocks of the person."""
    return [f"{each.due_at.astimezone(walked.zone):%m-%d %H:%M}" for each in walked.promises]


# --- Intervals ------------------------------------------------------------------------------------


def test_a_step_at_an_interval_is_drawn_once() -> None:
    """Looked at hourly or at once, the message is due at the same instant within its hours."""
    timing = {"interval": {"offset": "2days-5days", "time": "10:00-15:00"}}
    hourly = walker(step(**timing)).look_at(START + n * HOUR for n in range(200))
    once = walker(step(**timing)).look(START + 9 * DAY)
    assert hourly.promises == once.promises
    ((due, _),) = [(each.due_at, each.id) for each in once.promises]
    local = due.astimezone(NEW_YORK)
    assert START + 2 * DAY - 3 * HOUR < due < START + 6 * DAY
    assert 10 <= local.hour < 15


def test_each_visit_of_a_node_draws_anew_and_a_pause_changes_nothing() -> None:
    """The draw hangs on campaign, subject, node and visit; a message made anew keeps its time."""
    node = send("a", schedule={"interval": {"offset": "1day-9days"}})
    walked = plan({**node, "transitions": [on("elapsed", "stop", after="P1D")]}, STOP)
    (of_plan, *_) = walked.nodes.values()
    timing = Timing(NEW_YORK, START, "campaign", "ann")
    first, second = Thread("a", START), Thread("a", START, 2, turn=2)
    assert timing.due(of_plan, first) != timing.due(of_plan, second)  # type: ignore[arg-type]
    paused = first._replace(visit=2)
    assert timing.due(of_plan, first) == timing.due(of_plan, paused)  # type: ignore[arg-type]
    other = timing._replace(subject="bob")
    assert timing.due(of_plan, first) != other.due(of_plan, first)  # type: ignore[arg-type]


def test_a_revisited_node_counts_its_visits() -> None:
    """The turn grows with each node that is entered."""
    again = send("a", on("elapsed", "b", after="P1D"))
    looping = plan(again, send("b", on("elapsed", "a", after="P1D")))
    walked = Walker(looping).look_at(START + n * HOUR for n in range(60))
    (thread,) = walked.enrollment.threads.values()
    assert (thread.node, thread.visit, thread.turn) == ("a", 3, 3)


# --- Repeats --------------------------------------------------------------------------------------


def test_a_step_comes_again_by_a_rule_at_its_local_hour() -> None:
    """Every Monday at nine, over the change of clocks; a little ahead of each it is made."""
    walked = walker(step(repeat={**MONDAYS, "count": 3})).look(START)
    assert shown(walked) == []  # they enter at 07:00 on a Monday
    first = START + 2 * HOUR
    assert walked.enrollment.next_at == first - AHEAD
    walked.look_at(START + n * HOUR for n in range(24 * 22))
    assert shown(walked) == ["03-02 09:00", "03-09 09:00", "03-16 09:00"]
    assert len({each.id for each in walked.promises}) == 3
    assert walked.enrollment.status == "completed"


def test_looks_do_not_matter_to_what_comes_again() -> None:
    """Looked at hourly, or only when it is time, the same messages come of it."""
    hourly = walker(step(repeat=DAILY | {"count": 9}, offset="P0D"))
    hourly.look_at(START + n * HOUR for n in range(24 * 12))
    timely = walker(step(repeat=DAILY | {"count": 9}, offset="P0D")).look(START)
    looks = 1
    while (at := timely.enrollment.next_at) is not None:
        timely.look(at)
        looks += 1
    assert timely.promises == hourly.promises
    assert shown(timely) == ["03-02 07:00", *[f"03-{3 + n:02} 10:00" for n in range(8)]]
    assert looks <= 9 + 3


@pytest.mark.parametrize(
    ("repeat", "expected"),
    [
        ({"rrule": "FREQ=DAILY;COUNT=2"}, ["03-02 07:00", "03-03 07:00"]),
        ({"rrule": "FREQ=DAILY", "count": 2}, ["03-02 07:00", "03-03 07:00"]),
        ({"rrule": "FREQ=DAILY;UNTIL=20260303"}, ["03-02 07:00", "03-03 07:00"]),
        (
            {"rrule": "FREQ=DAILY", "until": "2026-03-03T07:00:00-05:00"},
            ["03-02 07:00", "03-03 07:00"],
        ),
        ({"rrule": "FREQ=DAILY", "until": "2026-03-03T06:59:59-05:00"}, ["03-02 07:00"]),
        ({"interval": {"offset": "36hours"}, "count": 3}, None),
        (DAILY | {"until": "2026-03-04T15:00:00Z"}, ["03-02 07:00", "03-03 10:00", "03-04 10:00"]),
        ({"rrule": "FREQ=MONTHLY;BYDAY=2MO", "count": 1}, ["03-09 07:00"]),
    ],
)
def test_count_and_until_include_their_last(
    repeat: dict[str, Any], expected: list[str] | None
) -> None:
    """Whether the rule says them or the step does; then the walk is over."""
    walked = walker(step(offset="P0D", repeat=repeat))
    walked.look_at(START + n * HOUR for n in range(24 * 20))
    assert shown(walked) == (expected or ["03-02 07:00", "03-03 19:00", "03-05 07:00"])
    assert walked.enrollment.status == "completed"


def test_a_rule_counts_from_the_step_s_own_first_time() -> None:
    """Its offset and time say from when on, and the rule takes its time of day from there."""
    walked = walker(step(offset="P2D", time="10:00", repeat={"rrule": "FREQ=WEEKLY", "count": 2}))
    walked.look_at([START, START + 20 * DAY, START + 21 * DAY])
    assert shown(walked)[:1] == ["03-04 10:00"]
    walked = walker(step(time="10:00", repeat={"rrule": "FREQ=DAILY;INTERVAL=2"}))
    walked.look_at(START + n * HOUR for n in range(24 * 5))
    assert shown(walked) == ["03-02 10:00", "03-04 10:00", "03-06 10:00"]


def test_a_step_at_intervals_again_and_again_draws_each_anew() -> None:
    """Each so long after the one before, within its range."""
    repeat = {"interval": {"offset": "2days-4days"}}
    walked = walker(step(offset="P0D", repeat=repeat))
    walked.look_at(START + n * HOUR for n in range(24 * 60))
    gaps = [later.due_at - each.due_at for each, later in pairwise(walked.promises)]
    assert len(set(gaps)) == len(gaps) > 12
    assert all(2 * DAY <= gap < 4 * DAY + HOUR for gap in gaps)


def test_half_past_midnight_is_not_twice_on_the_day_that_has_25_hours() -> None:
    """Twenty-four hours later it is still that day."""
    at = datetime(2026, 11, 1, 4, 30, tzinfo=UTC)  # 00:30 in New York
    repeat = {"interval": {"offset": "24hours", "time": "0:30"}}
    (node,) = walker(step(offset="P0D", repeat=repeat)).plan.nodes.values()
    again = Timing(NEW_YORK, at).following(node, Thread("a", at, due_at=at))  # type: ignore[arg-type]
    assert again == datetime(2026, 11, 2, 5, 30, tzinfo=UTC)


def test_after_a_pause_of_weeks_one_message_goes_out() -> None:
    """The newest that was missed, which later ones then follow; they count all the same."""
    walked = walker(step(repeat={**MONDAYS, "count": 8}))
    walked.look_at(START + n * HOUR for n in range(24))
    walked.resumed_at = START + 24 * DAY
    walked.look_at([walked.resumed_at, START + 26 * DAY])
    assert shown(walked) == ["03-02 09:00", "03-23 09:00"]
    passed = [move.on for move in walked.enrollment.moves]
    assert passed == ["repeated", "passed_over"]
    walked.look_at(START + n * HOUR for n in range(24 * 26, 24 * 60))
    assert shown(walked)[2:] == [f"{day} 09:00" for day in ("03-30", "04-06", "04-13", "04-20")]
    assert walked.enrollment.status == "completed"


def test_what_comes_round_while_the_last_one_waits_goes_out_once() -> None:
    """A message that hours or limits hold back stands for those due meanwhile."""
    walked = walker(step(repeat={"rrule": "FREQ=DAILY", "count": 6}), late=60 * HOUR)
    walked.look_at(START + n * HOUR for n in range(24 * 9))
    assert shown(walked) == ["03-02 07:00", "03-05 07:00"]
    ons = [move.on for move in walked.enrollment.moves]
    assert ons == ["passed_over"] * 2 + ["repeated"] + ["passed_over"] * 2 + ["end"]


def test_a_missed_occurrence_gives_one_late_run() -> None:
    """Nobody looked for a week: one message is made, and the next in its time."""
    walked = walker(step(offset="P0D", repeat={"rrule": "FREQ=DAILY"})).look(START)
    walked.look(START + 6 * DAY + HOUR)
    assert len(walked.promises) == 2
    walked.look_at(START + 6 * DAY + n * HOUR for n in range(2, 40))
    assert shown(walked)[2:] == ["03-09 07:00"]


def test_a_year_of_weekly_steps_is_52_messages_of_one_walk() -> None:
    """With two looks a week, and no message twice; each at nine by the clocks there."""
    for zone in ("America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati"):
        walked = walker(step(repeat={**MONDAYS, "count": 52}), zone=ZoneInfo(zone)).look(START)
        looks = 1
        while (at := walked.enrollment.next_at) is not None:
            walked.look(at)
            looks += 1
        assert looks <= 52 + 2
        assert len({each.id for each in walked.promises}) == len(walked.promises) == 52
        assert {at[-5:] for at in shown(walked)} == {"09:00"}
        gaps = {later.due_at - each.due_at for each, later in pairwise(walked.promises)}
        assert gaps <= {7 * DAY + n * timedelta(minutes=30) for n in (-2, -1, 0, 1, 2)}


def test_an_exit_ends_what_comes_again() -> None:
    """Wherever in its repetitions they are."""
    walked = walker(step(repeat=MONDAYS), exits={"unsubscribed": START + 8 * DAY})
    walked.look_at(START + n * HOUR for n in range(24 * 20))
    assert shown(walked) == ["03-02 09:00", "03-09 09:00"]
    assert walked.enrollment.exit == "unsubscribed"


def test_where_somebody_stands_says_when_it_comes_again() -> None:
    """And why it came, in words."""
    walked = walker(step(repeat=MONDAYS)).look_at(START + n * HOUR for n in range(24 * 8))
    (stands,) = position(
        walked.plan, walked.enrollment, walked.seen, zone=NEW_YORK, now=walked.looked_at
    )
    assert [each.sentence for each in stands.waits_for] == [
        "'a' comes again at 2026-03-16 09:00 (America/New_York)"
    ]
    assert why(walked.enrollment.moves[0], zone=NEW_YORK).startswith("'a' came round again")


# --- What is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timing", "code", "place", "words"),
    [
        ({}, "shape_value_error", "", "must have an offset, an interval or a rule"),
        (
            {"offset": "P1D", "interval": {"offset": "1day"}},
            "shape_value_error",
            "",
            "both offset and interval",
        ),
        (
            {"interval": {"offset": "1day"}, "time": "10:00"},
            "shape_value_error",
            "",
            "time goes with offset",
        ),
        (
            {"interval": {"offset": "2 days"}},
            "shape_value_error",
            "/interval/offset",
            "'2' has no unit",
        ),
        (
            {"interval": {"offset": "1day", "time": "2pm"}},
            "shape_value_error",
            "/interval/time",
            "'2pm' is no time of day",
        ),
        ({"interval": {"offset": "6years"}}, "waits_too_long", "/interval/offset", "five years"),
        ({"interval": {}}, "shape_missing", "/interval", "offset is missing"),
        (
            {"offset": "P0D", "repeat": {}},
            "shape_value_error",
            "/repeat",
            "must have one of rrule and interval",
        ),
        (
            {"offset": "P0D", "repeat": {"count": 3}},
            "shape_value_error",
            "/repeat",
            "must have one of rrule and interval",
        ),
        (
            {"repeat": {"rrule": "FREQ=DAILY", "interval": {"offset": "1day"}}},
            "shape_value_error",
            "/repeat",
            "must have one of rrule and interval",
        ),
        (
            {"repeat": {"rrule": "FREQ=HOURLY"}},
            "shape_value_error",
            "/repeat/rrule",
            "FREQ: must be one of DAILY",
        ),
        (
            {"repeat": {"rrule": "FREQ=DAILY;COUNT=2", "count": 3}},
            "shape_value_error",
            "/repeat",
            "count beside the rule's COUNT",
        ),
        (
            {"repeat": {"rrule": "FREQ=DAILY;UNTIL=20270101", "until": "2027-01-01T00:00:00Z"}},
            "shape_value_error",
            "/repeat",
            "until beside the rule's UNTIL",
        ),
        ({"repeat": {**MONDAYS, "count": 0}}, "shape_greater_than_equal", "/repeat/count", "1"),
        ({"repeat": {**MONDAYS, "count": True}}, "shape_int_type", "/repeat/count", "integer"),
        (
            {"repeat": {"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}},
            "never_comes",
            "/repeat/rrule",
            "nothing comes by this rule within ten years",
        ),
        (
            {"repeat": {"rrule": "FREQ=DAILY;UNTIL=20200101"}},
            "never_comes",
            "/repeat/rrule",
            "UNTIL: lies before the first occurrence",
        ),
        (
            {"repeat": {**MONDAYS, "until": "2020-01-01T00:00:00Z"}},
            "until_in_the_past",
            "/repeat/until",
            "lies in the past",
        ),
        (
            {"offset": "P0D", "repeat": {"interval": {"offset": "0days"}}},
            "repeats_at_once",
            "/repeat/interval/offset",
            "a minute at least",
        ),
        (
            {"offset": "P0D", "repeat": {"interval": {"offset": "5hours", "time": "10:00"}}},
            "repeats_at_once",
            "/repeat/interval/offset",
            "a day at least",
        ),
        (
            {"offset": "P0D", "repeat": {"interval": {"offset": "5hours"}}},
            "repeats_often",
            "/repeat/interval/offset",
            "more than once a day",
        ),
        (
            {"repeat": {"rrule": "FREQ=DAILY;BYHOUR=9,17"}},
            "repeats_often",
            "/repeat/rrule",
            "more than once a day",
        ),
    ],
)
def test_what_is_wrong_with_times_is_told_at_its_place(
    timing: dict[str, Any], code: str, place: str, words: str
) -> None:
    """When the plan is saved; nothing of it ever means now."""
    found = found_in(**timing)
    assert found[:2] == (code, f"/steps/0{place}")
    assert words in found[2]


def test_nodes_do_not_repeat_and_are_told_what_does() -> None:
    """In a journey a way leads back."""
    document = {"startNodeId": "a", "nodes": [send("a", repeat=MONDAYS, interval={}), STOP]}
    hints = {each.pointer: each.hint for each in read_plan(document, now=START).findings}
    assert "steps of a sequence repeat" in hints["/nodes/0/repeat"]
    assert "in its schedule" in hints["/nodes/0/interval"]


def test_daily_rules_over_a_change_of_clocks_are_not_often() -> None:
    """A day may have 23 hours."""
    document = {"steps": [step(repeat={"rrule": "FREQ=DAILY;BYHOUR=9;BYMINUTE=0"})]}
    now = datetime(2026, 3, 6, tzinfo=UTC)
    document["timezone"] = "America/New_York"  # type: ignore[assignment]
    assert read_plan(document, now=now).findings == []
