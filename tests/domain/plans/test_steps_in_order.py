"""Steps that come after other steps: each counts from when the one before it is over."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_mock import MockerFixture

from functions.domain.plans.enrollment import Enrollment, Thread
from functions.domain.plans.facts import Facts
from functions.domain.plans.nexts import Nexts
from functions.domain.plans.plan import Plan
from functions.domain.plans.reading import read_plan
from functions.domain.plans.words import position
from tests.domain.plans.walking import DAY, HOUR, NEW_YORK, START, Walker, look

MINUTE = timedelta(minutes=1)


def step(id_: str, after: str | None = None, **timing: Any) -> dict[str, Any]:
    """Return a step that sends a mail."""
    behind = {} if after is None else {"after": after}
    return {"id": id_, "subject": "Hello", "body": "Hello!", **behind, **timing}


def sequence(*steps: dict[str, Any]) -> Plan:
    """Return a sequence of these steps."""
    plan, findings = read_plan({"steps": list(steps)}, now=START)
    assert plan is not None, findings
    return plan


def dues(walker: Walker) -> dict[str, datetime]:
    """Return when each step was due, the newest time of each."""
    return {each.node: each.due_at for each in walker.promises}


CHAIN = sequence(
    step("c", "b", offset="PT2H"),
    step("b", "a", offset="PT6H"),
    step("a", offset="P0D"),
)


def test_a_step_counts_from_when_the_one_before_it_left_and_not_from_the_entry() -> None:
    """A mail that left three hours late has those behind it three hours later."""
    walker = Walker(CHAIN, late=3 * HOUR).look_at(START + n * 10 * MINUTE for n in range(120))
    b = START + 3 * HOUR + 6 * HOUR
    assert dues(walker) == {"a": START, "b": b, "c": b + 3 * HOUR + 2 * HOUR}
    assert len(walker.promises) == 3
    assert walker.enrollment.status == "completed"


def test_how_often_somebody_is_looked_at_changes_no_time_of_a_chain() -> None:
    """What comes of a look every ten minutes comes of one a day, if later."""
    often = Walker(CHAIN).look_at(START + n * 10 * MINUTE for n in range(120))
    seldom = Walker(CHAIN).look_at(START + n * DAY for n in range(5))
    assert dues(often) == dues(seldom)


def test_several_steps_may_come_after_one_and_an_interval_is_drawn_from_its_end() -> None:
    """Each for itself; one without an offset at once."""
    plan = sequence(
        step("a", offset="P1D"),
        step("now", "a"),
        step("later", "a", interval={"offset": "2hours-5hours"}),
    )
    walker = Walker(plan, late=HOUR).look_at(START + n * HOUR for n in range(48))
    found = dues(walker)
    over = START + DAY + HOUR
    assert found["now"] == over
    assert over + 2 * HOUR <= found["later"] <= over + 5 * HOUR


def test_behind_a_step_that_repeats_the_first_time_counts() -> None:
    """The step behind it comes once; the one before goes on."""
    plan = sequence(
        step("news", offset="PT1H", repeat={"interval": {"offset": "1day"}, "count": 4}),
        step("hint", "news", offset="PT30M"),
    )
    walker = Walker(plan, late=MINUTE).look_at(START + n * HOUR / 2 for n in range(240))
    assert dues(walker)["hint"] == START + HOUR + MINUTE + 30 * MINUTE
    assert [each.node for each in walker.promises].count("hint") == 1
    assert [each.node for each in walker.promises].count("news") == 4
    assert walker.enrollment.status == "completed"


def test_a_step_that_repeats_behind_another_one_counts_its_first_time_from_that() -> None:
    """Its rule too: daily at nine, from the day on which the one before left."""
    rule = {"rrule": "FREQ=DAILY;BYHOUR=9;BYMINUTE=0", "count": 2}
    plan = sequence(step("a", offset="P3D"), step("b", "a", repeat=rule))
    walker = Walker(plan).look_at(START + n * HOUR for n in range(24 * 7))
    ninths = [each.due_at.astimezone(NEW_YORK) for each in walker.promises if each.node == "b"]
    assert [f"{at:%m-%d %H:%M}" for at in ninths] == ["03-05 09:00", "03-06 09:00"]


def test_behind_a_step_that_was_overtaken_in_a_pause_the_next_one_counts_from_the_resumption() -> (
    None
):
    """Nobody stands still, and nobody gets two at once."""
    plan = sequence(step("a", offset="P1D"), step("b", "a", offset="PT2H"), step("c", offset="P2D"))
    resumed_at = START + 4 * DAY
    walker = Walker(plan, resumed_at=resumed_at).look_at([resumed_at, resumed_at + DAY])
    assert [each.node for each in walker.promises] == ["c", "b"]
    assert dues(walker)["b"] == resumed_at + 2 * HOUR
    assert [move.on for move in walker.enrollment.moves if move.start == "a"] == ["overtaken"]


def test_of_a_step_and_a_later_one_behind_another_that_a_pause_held_up_the_later_goes_out() -> None:
    """What came before the pause was over in it, and nobody had looked since."""
    plan = sequence(step("a", offset="P0D"), step("b", "a", offset="P3D"), step("c", offset="P2D"))
    walker = Walker(plan).look(START)
    walker.resumed_at = START + 5 * DAY
    walker.look(START + 5 * DAY)
    assert [each.node for each in walker.promises] == ["a", "b"]


def test_whoever_has_had_the_one_before_in_an_earlier_entry_counts_from_this_one() -> None:
    """They come back for what they have not had."""
    threads = {"b": Thread("b", START), "c": Thread("c", START)}
    (promise,) = look(
        CHAIN, Enrollment("ann", START, threads=threads), Facts(), START + 6 * HOUR
    ).promises
    assert (promise.node, promise.due_at) == ("b", START + 6 * HOUR)


def test_where_somebody_stands_says_for_which_step_is_waited() -> None:
    """And the others wait to be sent."""
    walker = Walker(CHAIN, late=HOUR).look(START)
    found = position(CHAIN, walker.enrollment, walker.seen, zone=NEW_YORK, now=START)
    assert {each.node: each.sentence for each in found} == {
        "a": "the message of 'a' waits to be sent",
        "b": "'b' waits for step 'a', from whose end it counts",
        "c": "'c' waits for step 'b', from whose end it counts",
    }


def test_a_chain_of_five_hundred_is_walked_with_work_that_grows_with_its_length(
    mocker: MockerFixture,
) -> None:
    """Each step after the one before, in whatever order they are written."""
    asked = mocker.spy(Nexts, "of_thread")
    works: list[int] = []
    for length in (250, 500):
        steps = [step(f"s{n}", f"s{n - 1}" if n else None, offset="PT1M") for n in range(length)]
        plan = sequence(*reversed(steps))
        walker = Walker(plan)
        first = walker.look(START)
        assert first.enrollment.next_at is not None
        walker.look(START + 600 * MINUTE)
        assert plan.in_order == [f"s{n}" for n in range(length)]
        works.append(asked.call_count - sum(works))
    assert works[1] <= 2.1 * works[0]


@pytest.mark.parametrize(
    ("steps", "code", "pointer", "words"),
    [
        ([step("a", "b")], "unknown_step", "/steps/0/after", "there is no step 'b'"),
        ([step("a", "a")], "after_itself", "/steps/0/after", "'a' comes after itself"),
        (
            [step("x", offset="P0D"), step("a", "b"), step("b", "a")],
            "after_in_circle",
            "/steps/1/after",
            "'a' and 'b' wait for each other",
        ),
        ([step("a", "b"), step("b", "c"), step("c", "b")], "after_in_circle", "/steps/1/after", ""),
        ([step("a", 5)], "shape_string_type", "/steps/0/after", "must be a text"),  # type: ignore[arg-type]
        ([step("a", "")], "shape_string_pattern_mismatch", "/steps/0/after", "letters, digits"),
    ],
)
def test_what_can_never_begin_is_refused_at_its_place(
    steps: list[dict[str, Any]], code: str, pointer: str, words: str
) -> None:
    """When the plan is saved, with what to write instead."""
    read = read_plan({"steps": steps}, now=START)
    first = read.findings[0]
    assert read.plan is None
    assert (first.code, first.pointer) == (code, pointer)
    assert words in first.sentence
    assert first.hint or code.startswith("shape")


def test_a_node_of_a_journey_comes_after_none_and_is_told_what_does() -> None:
    """There ways lead from one to the next."""
    node = {"id": "a", "action": "send", "subject": "Hi", "body": "Hi", "after": "b"}
    (first, *_) = read_plan({"startNodeId": "a", "nodes": [node]}, now=START).findings
    assert first.pointer == "/nodes/0/after"
    assert "a way leads to the node" in first.hint
