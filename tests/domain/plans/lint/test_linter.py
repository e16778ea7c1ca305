"""What is found in plans as a whole, and that what passes leads everybody to an end."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.domain.plans.lint.findings import Level
from functions.domain.plans.reading import read_plan
from tests.domain.plans.lint.linting import END, at, codes, errors, found_in, found_in_steps
from tests.domain.plans.walking import DAY, HOUR, START, STOP, Walker, on, send, wait

#: The plan of the README of the system that this way of writing plans comes from, whole.
SEED: dict[str, Any] = {
    "version": "1.0",
    "timezone": "America/Los_Angeles",
    "quietHours": {"start": "21:00", "end": "07:30"},
    "defaults": {"timers": {"no_open_after": "PT72H", "no_click_after": "PT24H"}},
    "startNodeId": "email_intro",
    "nodes": [
        {
            "id": "email_intro",
            "channel": "email",
            "action": "send",
            "subject": "Introduction to our solution",
            "body": "Hi {{name}}, ...",
            "schedule": {"delay": "PT0S"},
            "transitions": [
                {"on": "opened", "to": "wait_click", "within": "PT72H"},
                {"on": "no_open", "to": "email_bump_1", "after": "PT72H"},
                {"on": "bounced", "to": "bye"},
                {"on": "unsubscribed", "to": "bye"},
            ],
        },
        {
            "id": "wait_click",
            "action": "wait",
            "transitions": [
                {"on": "clicked", "to": "bye"},
                {"on": "no_click", "to": "email_bump_1"},
            ],
        },
        {
            "id": "email_bump_1",
            "action": "send",
            "subject": "Still there?",
            "body": "Hi again",
            "transitions": [{"on": "elapsed", "to": "bye", "after": "P5D"}],
        },
        {"id": "bye", "action": "stop"},
    ],
}


def test_plans_that_were_written_before_pass() -> None:
    """With bounced and unsubscribed edges too; a field that nobody has is doubted, not refused."""
    plan, found = read_plan(SEED, now=START)
    assert plan is not None
    assert [(each.level, each.code) for each in found] == [(Level.WARNING, "unknown_field")]
    assert "first_name" in found[0].sentence


def test_the_readme_s_own_fragment_names_what_it_lacks() -> None:
    """Two nodes that it leads to are not in it."""
    fragment = {**SEED, "nodes": SEED["nodes"][:1]}
    read = read_plan(fragment, now=START)
    assert read.plan is None
    places = [f"/nodes/0/transitions/{number}/to" for number in range(4)]
    assert errors(read.findings) == [("unknown_target", place) for place in places]
    assert "'wait_click'" in read.findings[0].sentence


def test_errors_come_before_warnings() -> None:
    """Whoever reads the first finding alone reads what keeps the plan from being used."""
    found = found_in(send("a", END), wait("b", END, on("x", "nowhere")), STOP)
    assert [each.level for each in found] == [Level.ERROR, Level.WARNING]


def test_two_nodes_of_one_name_are_an_error() -> None:
    """The second is named; so it is of steps."""
    assert codes(found_in(send("a", END), STOP, STOP))[0] == ("duplicate_id", "/nodes/2/id")
    step = {"id": "a", "offset": "P0D", "subject": "Hi", "body": "Hi"}
    assert codes(found_in_steps(step, step)) == [("duplicate_id", "/steps/1/id")]


def test_a_start_that_there_is_not_is_an_error() -> None:
    """It would begin nowhere."""
    read = read_plan({"startNodeId": "a", "nodes": [STOP]}, now=START)
    assert errors(read.findings) == [("unknown_start", "/startNodeId")]


def test_a_node_that_nothing_leads_to_is_told() -> None:
    """It harms nobody."""
    assert codes(found_in(send("a", END), wait("b", END), STOP)) == [("unreachable", "/nodes/1")]


@pytest.mark.parametrize(
    "nodes",
    [
        [wait("a", on("elapsed", "a", after="PT0S"))],
        [send("a", on("delivered", "a"), END), STOP],
        [
            wait("a", on("elapsed", "b", after="PT0S")),
            {
                "id": "b",
                "action": "split",
                "branches": [{"to": "a", "weight": 1}, {"to": "stop", "weight": 1}],
            },
            STOP,
        ],
        [
            wait("a", on("elapsed", "b", after="PT0S"), on("clicked", "stop")),
            {"id": "b", "action": "update_contact", "fields": {"stage": "x"}, "to": "a"},
            STOP,
        ],
    ],
)
def test_a_circle_without_a_wait_is_found(nodes: list[Any]) -> None:
    """Through a split or an update too, where no single edge of it looks like one."""
    assert errors(found_in(*nodes)) == [("loop_without_wait", "/nodes/0")]


def test_a_circle_that_people_go_round_themselves_is_allowed() -> None:
    """Each turn needs a click."""
    assert errors(found_in(send("a", on("clicked", "a"), END), STOP)) == []


def test_a_circle_that_can_send_more_than_daily_is_told() -> None:
    """Once a day is allowed in silence."""
    assert codes(found_in(send("a", on("elapsed", "a", after="PT1H"))))[0][0] == "loop_sends_often"
    assert found_in(send("a", on("elapsed", "a", after="P1D"))) == []


def test_five_hundred_nodes_are_linted() -> None:
    """The largest plan there is, in one long row; one more is refused."""
    row = [send(f"n{n}", on("elapsed", f"n{n + 1}", after="P1D")) for n in range(498)]
    assert found_in(*row, send("n498", END), STOP) == []
    more = found_in(*row, send("n498", END), STOP, wait("more", END))
    assert codes(more) == [("too_many", "/nodes")]


def test_every_pointer_leads_into_the_plan() -> None:
    """Of a plan that is wrong in every way at once."""
    nodes = [
        send("a", on("open", "b~/x", within="P9Y"), on("no_reply", "c"), body="{{ x", html="{% if"),
        send("a", channel="sms", sender="nobody", fallbacks=[{"channel": "voice", "wait": "P9Y"}]),
        {"id": "u", "action": "update_contact", "fields": {"phone": "1", "id": "{{"}, "to": "a"},
        {"id": "w", "action": "webhook", "url": "ftp://x", "schedule": {"at": "2020-01-01T00:00Z"}},
        {**STOP, "transitions": [END]},
    ]
    document = {
        "startNodeId": "nowhere",
        "nodes": nodes,
        "exits": [{"on": "no_open"}],
        "goal": {"on": "sent", "within": "P9Y"},
        "defaults": {"timers": {"no_reply_after": "P9Y"}},
    }
    shape = read_plan(document, now=START).findings
    nodes[0]["transitions"][0]["to"] = "b"
    found = [*shape, *read_plan(document, now=START).findings]
    assert len({each.code for each in found}) > 10
    for each in found:
        at(document, each.pointer)
        assert each.sentence


IDS = ["a", "b", "c", "d"]
_TARGETS = st.sampled_from([*IDS, "stop"])
_DURATIONS = st.sampled_from(["PT0S", "PT1H", "PT30H", "P1D", "P3D", "PT72H"])
_TIMINGS: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}),
    _DURATIONS.map(lambda text: {"within": text}),
    _DURATIONS.map(lambda text: {"after": text}),
)
_BY_EVENT = st.builds(
    lambda event, to, timing: on(event, to, **timing),
    st.sampled_from(["opened", "clicked"]),
    _TARGETS,
    _TIMINGS,
)
_BY_TIME = st.builds(
    lambda timer, to, after: on(timer, to, after=after),
    st.sampled_from(["no_open", "no_click", "no_delivery", "elapsed"]),
    _TARGETS,
    st.sampled_from(["PT30H", "P1D", "PT72H"]),
)
_WAYS = st.lists(st.one_of(_BY_EVENT, _BY_TIME), min_size=1, max_size=4)
_EVENTS = st.dictionaries(
    st.sampled_from(IDS),
    st.lists(
        st.tuples(
            st.sampled_from(["delivered", "opened", "clicked"]),
            st.integers(0, 100).map(lambda n: n * HOUR),
        ),
        max_size=4,
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.tuples(*[st.tuples(st.booleans(), _WAYS)] * len(IDS)), _EVENTS, st.integers(0, 50))
def test_whoever_passes_the_linter_is_never_stuck(
    drawn: Any, events: dict[str, list[tuple[str, timedelta]]], late: int
) -> None:
    """Of random plans and events: nobody stands at a node for longer than its timers."""
    nodes = [
        (send if sends else wait)(id_, *ways) for id_, (sends, ways) in zip(IDS, drawn, strict=True)
    ]
    plan = read_plan({"startNodeId": "a", "nodes": [*nodes, STOP]}, now=START).plan
    if plan is None:
        return
    walker = Walker(plan, events, late=late * HOUR)
    longest = 4 * DAY + late * HOUR
    for hour in range(0, 600, 3):
        instant = START + hour * HOUR
        walker.look(instant)
        if walker.enrollment.has_ended:
            assert walker.enrollment.exit == ""
            return
        (thread,) = walker.enrollment.threads.values()
        assert instant - thread.since <= longest


def test_examples_pass() -> None:
    """The plans in examples/ have neither errors nor warnings."""
    folder = Path(__file__).parents[4] / "examples"
    for path in folder.glob("*.plan.json"):
        assert read_plan(json.loads(path.read_text()), now=START).findings == [], path.name
