"""What is found in plans: each mistake at its place, and that what passes leads to an end."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.domain.plans.document import PlanDocument, schema
from functions.domain.plans.findings import Finding, Level
from functions.domain.plans.linter import lint, read_plan
from functions.domain.plans.plan import Plan
from tests.domain.plans.walking import DAY, HOUR, START, STOP, Walker, on, send, wait

#: The plan of the README of the system that this way of writing plans comes from.
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


def found_in(*nodes: Any, **more: Any) -> list[Finding]:
    """Return what is found in a plan of these nodes, which begins at the first."""
    document = {"startNodeId": nodes[0]["id"], "nodes": list(nodes), **more}
    return read_plan(document, now=START)[1]


def test_the_plan_of_the_seed_passes() -> None:
    """Whoever has written plans before need not change them."""
    document, found = read_plan(SEED, now=START)
    assert document is not None
    assert found == []


END = on("elapsed", "stop", after="P1D")


OPENED_IN_AN_HOUR = on("opened", "stop", within="PT1H")
OPENED_IN_THREE_DAYS = on("opened", "stop", within="P3D")
UNOPENED = on("no_open", "stop", after="PT72H")
PAST = {"at": "2026-03-01T00:00:00Z"}
NO_DAY = {"until": {"date": "2026-02-30"}}


@pytest.mark.parametrize(
    ("node", "code", "place"),
    [
        (send("a", on("elapsed", "b", after="P1D")), "unknown_target", "/transitions/0/to"),
        (wait("a"), "leads_nowhere", ""),
        (wait("a", on("purchase", "stop")), "waits_for_ever", ""),
        (send("a", OPENED_IN_AN_HOUR, UNOPENED), "waits_for_ever", ""),
        (send("a", OPENED_IN_THREE_DAYS, UNOPENED), "waits_for_ever", ""),
        (
            send("a", END, on("no_open", "stop", within="P1D")),
            "timer_within",
            "/transitions/1/within",
        ),
        (send("a", END, on("no_reply", "stop")), "timer_without_time", "/transitions/1/on"),
        (send("a", on("elapsed", "stop", after="P6Y")), "waits_too_long", "/transitions/0"),
        (wait("a", on("elapsed", "a", after="PT0S")), "loop_without_wait", ""),
        (send("a", on("delivered", "a"), END), "loop_without_wait", ""),
        (send("a", END, body="", subject="x"), "content_missing", ""),
        (send("a", END, body="Hi {{ x | nonsense }}"), "template", "/body"),
        (send("a", END, channel="sms"), "not_of_channel", "/subject"),
        (send("a", END, schedule=PAST), "at_in_the_past", "/schedule/at"),
        (send("a", END, schedule=NO_DAY), "no_such_day", "/schedule/until/date"),
        (
            send("a", on("elapsed", "stop", after="3 days")),
            "shape_value_error",
            "/transitions/0/after",
        ),
        (
            send("a", on("x", "stop", within="P1D", after="P1D")),
            "shape_value_error",
            "/transitions/0",
        ),
        (send("a", END, colour="red"), "shape_extra_forbidden", "/colour"),
        ({"id": "a", "action": "dance"}, "shape_union_tag_invalid", ""),
        (wait("a", {"on": "x"}), "shape_missing", "/transitions/0"),
    ],
)
def test_a_mistake_is_told_at_its_place(node: dict[str, Any], code: str, place: str) -> None:
    """The first finding is the error, and its pointer leads to a place in the document."""
    first = found_in(node, STOP)[0]
    assert (first.level, first.code, first.pointer) == (Level.ERROR, code, f"/nodes/0{place}")
    here: Any = node
    for part in place.split("/")[1:]:
        here = here[int(part)] if isinstance(here, list) else here[part]


def test_two_nodes_of_one_name_are_an_error() -> None:
    """The second is named."""
    first = found_in(send("a", END), STOP, STOP)[0]
    assert (first.code, first.pointer) == ("duplicate_id", "/nodes/2/id")


@pytest.mark.parametrize("zone", ["PST", "EST", "Mars/Olympus", "localtime", ""])
def test_only_zones_of_regions_are_zones(zone: str) -> None:
    """An abbreviation has no summer: it would be an hour off for half of the year."""
    first = found_in(STOP, timezone=zone)[0]
    assert first.pointer == "/timezone"
    assert "America/New_York" in first.sentence


@pytest.mark.parametrize(
    ("nodes", "code"),
    [
        ([send("a", END), wait("b", END), STOP], "unreachable"),
        ([send("a", END, on("opened", "stop", after="PT1H")), STOP], "after_on_event"),
        ([send("a", END, on("answered", "stop")), STOP], "event_never_comes"),
        ([send("a", on("elapsed", "a", after="PT1H"))], "loop_sends_often"),
    ],
)
def test_what_was_hardly_meant_is_told(nodes: list[Any], code: str) -> None:
    """A warning refuses nothing."""
    assert [(each.level, each.code) for each in found_in(*nodes)] == [(Level.WARNING, code)]


def test_a_circle_through_a_split_is_found() -> None:
    """Also where no single edge of it looks like one."""
    branches = [{"to": "a", "weight": 1}, {"to": "stop", "weight": 1}]
    split = {"id": "b", "action": "split", "branches": branches}
    found = found_in(wait("a", on("elapsed", "b", after="PT0S")), split, STOP)
    assert [each.code for each in found] == ["loop_without_wait"]


def test_five_hundred_nodes_are_linted() -> None:
    """The largest plan there is, in one long row; one more is refused."""
    row = [send(f"n{n}", on("elapsed", f"n{n + 1}", after="P1D")) for n in range(498)]
    assert found_in(*row, send("n498", END), STOP) == []
    assert found_in(*row, send("n498", END), STOP, wait("more", END))[0].code == "shape_too_long"


def test_the_schema_has_a_sentence_for_every_member() -> None:
    """Whoever writes a plan by the schema alone, a model for one, is told what each member is."""
    whole = schema()
    for part in (whole, *whole["$defs"].values()):
        if part.get("type") == "object":
            assert part["additionalProperties"] is False
            assert part["description"]
            assert all("description" in member for member in part["properties"].values()), part


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


@settings(max_examples=300, deadline=None)
@given(st.tuples(*[st.tuples(st.booleans(), _WAYS)] * len(IDS)), _EVENTS, st.integers(0, 50))
def test_whoever_passes_the_linter_is_never_stuck(
    drawn: Any, events: dict[str, list[tuple[str, timedelta]]], late: int
) -> None:
    """Of random plans and events: nobody stands at a node for longer than its timers."""
    nodes = [
        (send if sends else wait)(id_, *ways) for id_, (sends, ways) in zip(IDS, drawn, strict=True)
    ]
    document, found = read_plan({"startNodeId": "a", "nodes": [*nodes, STOP]}, now=START)
    if document is None or any(each.level is Level.ERROR for each in found):
        return
    walker = Walker(Plan(document), events, late=late * HOUR)
    longest = 4 * DAY + late * HOUR
    for hour in range(0, 600, 3):
        at = START + hour * HOUR
        walker.look(at)
        if walker.enrollment.has_ended:
            assert walker.enrollment.exit == ""
            return
        (thread,) = walker.enrollment.threads.values()
        assert at - thread.since <= longest


def test_examples_pass() -> None:
    """The plans in examples/ have neither errors nor warnings."""
    folder = Path(__file__).parents[3] / "examples"
    for path in folder.glob("*.plan.json"):
        document = PlanDocument.model_validate(json.loads(path.read_text()))
        assert lint(document, now=START) == [], path.name
