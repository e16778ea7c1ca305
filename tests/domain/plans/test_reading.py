"""How JSON becomes a plan: what is refused before it is read, and what is said of its shape."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.domain.plans.document import PlanDocument, SequenceDocument
from functions.domain.plans.reading import MAX_BYTES, read_plan, stored_plan
from tests.domain.plans.lint.linting import END, at, codes, found_in, found_in_steps
from tests.domain.plans.walking import START, STOP, on, send, wait

STEP = {"id": "a", "offset": "P0D", "subject": "Hi", "body": "Hi"}
JOURNEY = {"startNodeId": "a", "nodes": [send("a", END), STOP]}


def test_a_plan_is_a_journey_or_a_sequence() -> None:
    """By its members; both make a plan."""
    journey, sequence = read_plan(JOURNEY, now=START).plan, read_plan({"steps": [STEP]}, now=START)
    assert journey is not None
    assert isinstance(journey.document, PlanDocument)
    assert list(journey.starts) == ["a"]
    assert sequence.plan is not None
    assert isinstance(sequence.plan.document, SequenceDocument)


@pytest.mark.parametrize("given", [{}, {**JOURNEY, "steps": [STEP]}, {"startNodeId": "a"}])
def test_neither_or_both_is_refused(given: Any) -> None:
    """Nobody guesses which one was meant."""
    read = read_plan(given, now=START)
    assert (read.plan, codes(read.findings)) == (None, [("no_kind", "")])


@pytest.mark.parametrize("given", [None, [], "plan", 7, True])
def test_what_is_no_object_is_refused(given: Any) -> None:
    """In words, as everything."""
    read = read_plan(given, now=START)
    assert (read.plan, codes(read.findings)) == (None, [("no_object", "")])


def test_too_many_steps_are_refused() -> None:
    """With how many there are."""
    steps = [{**STEP, "id": f"s{number}"} for number in range(501)]
    (found,) = found_in_steps(*steps)
    assert (found.code, found.pointer) == ("too_many", "/steps")
    assert "501" in found.sentence
    assert found_in_steps(*steps[:500]) == []


@pytest.mark.parametrize(
    "excess",
    [
        {"nodes": [], "x": "é" * (MAX_BYTES // 2)},
        {"nodes": [], "x" * MAX_BYTES: 1},
        {"nodes": [], "x": [0] * 300_000},
        {"nodes": [], "x": [{"y": "z" * 1000}] * 1000},
        {"nodes": [], "x": "\ud800" * MAX_BYTES},
    ],
)
def test_half_a_megabyte_is_too_large(excess: Any) -> None:
    """Wherever it lies, it is read no further."""
    assert codes(read_plan(excess, now=START).findings) == [("too_large", "")]


def test_what_lies_too_deep_is_refused() -> None:
    """However deep: nothing that looks at it runs out of stack."""
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert codes(read_plan({"nodes": deep}, now=START).findings) == [("too_deep", "")]
    assert codes(read_plan({"nodes": [{"x": deep}]}, now=START).findings) == [("too_deep", "")]
    while deep:  # by hand: so deep a list cannot be freed at once
        deep = deep.pop()


def test_null_reads_as_absent() -> None:
    """Programs that must name every member say so of those that they leave out."""
    nulls = dict.fromkeys(("sender", "html", "schedule", "expiresAfter", "fallbacks", "channel"))
    ways = [{**END, "within": None}]
    given = {
        "startNodeId": "a",
        "quietHours": None,
        "steps": None,
        "defaults": None,
        "nodes": [{**send("a"), **nulls, "transitions": ways}, {**STOP, "transitions": None}],
    }
    plan, findings = read_plan(given, now=START)
    assert findings == []
    assert plan is not None
    assert list(plan.nodes) == ["a", "stop"]
    missing = read_plan({"startNodeId": None, "nodes": [STOP]}, now=START).findings
    assert [each.sentence for each in missing] == ["startNodeId is missing"]


@pytest.mark.parametrize(
    ("node", "code", "place", "words"),
    [
        (
            send("a", on("elapsed", "stop", after="3 days")),
            "shape_value_error",
            "/transitions/0/after",
            "after: '3 days' is no duration",
        ),
        (
            send("a", on("x", "stop", within="P1D", after="P1D")),
            "shape_value_error",
            "/transitions/0",
            "must not have both within and after",
        ),
        (send("a", colour="red"), "shape_extra_forbidden", "/colour", "no member 'colour'"),
        (send("a", schedule={"bestHour": {}}), "not_supported", "/schedule/bestHour", "bestHour"),
        (send("a", repeat={}), "shape_extra_forbidden", "/repeat", "no member 'repeat'"),
        ({"id": "a", "action": "dance"}, "shape_union_tag_invalid", "/action", "one of send, wait"),
        ({"id": "a"}, "shape_missing", "", "action is missing"),
        (wait("a", {"on": "x"}), "shape_missing", "/transitions/0", "to is missing"),
        (
            send("a", on("elapsed", "a b", after="P1D")),
            "shape_string_pattern_mismatch",
            "/transitions/0/to",
            "letters, digits",
        ),
        (send("a", channel="fax"), "shape_enum", "/channel", "'voice', 'sms'"),
        (send("a", sender=7), "shape_string_type", "/sender", "must be a text, not 7"),
        (send("a", callback={"view": 1}), "shape_value_error", "/callback", "id: names what"),
        (
            send("a", schedule={"until": {"time": "25:00"}}),
            "shape_string_pattern_mismatch",
            "/schedule/until/time",
            "time: must be a time of day as HH:MM, 00:00 to 23:59, not '25:00'",
        ),
        (
            send("a", schedule={"time": "10:00"}),
            "shape_value_error",
            "/schedule",
            "time goes with delay",
        ),
        (
            send("a", schedule={"at": "2030-01-01T00:00:00"}),
            "shape_timezone_aware",
            "/schedule/at",
            "must say its zone",
        ),
        (send("a", schedule={"at": 2_000_000_000}), "shape_value_error", "/schedule/at", "ISO"),
        (
            {"id": "a", "action": "split", "branches": [{"to": "a", "weight": True}] * 2},
            "shape_int_type",
            "/branches/0/weight",
            "integer",
        ),
        (
            {"id": "a", "action": "update_contact", "fields": {"Bad Name": "x"}, "to": "a"},
            "shape_string_pattern_mismatch",
            "/fields/Bad Name",
            "small letters",
        ),
    ],
)
def test_a_shape_that_is_wrong_is_told_at_its_place(
    node: dict[str, Any], code: str, place: str, words: str
) -> None:
    """What was expected there, and what stands there instead."""
    first = found_in(node, STOP)[0]
    assert (first.code, first.pointer) == (code, f"/nodes/0{place}")
    assert words in first.sentence
    at(node, place)


def test_a_misspelt_member_has_a_hint() -> None:
    """Python's spelling of a member is the most likely mistake of all."""
    found = read_plan({**JOURNEY, "quiet_hours": {"start": "1", "end": "2"}}, now=START).findings
    assert [each.hint for each in found] == ["did you mean quietHours?"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"startNodeId": "a", "nodes": [None]}, "nodes 0: must be an object, not null"),
        ({"startNodeId": "a", "nodes": {}}, "nodes: must be a list"),
        ({"startNodeId": "a", "nodes": []}, "nodes: must have at least 1"),
        ({"steps": [{**STEP, "action": "send"}]}, "there is no member 'action' here"),
        ({"steps": [{**STEP, "body": "\ud800"}]}, "body: must be a text that can be written"),
    ],
)
def test_other_kinds_than_were_meant_are_told_in_words_of_json(given: Any, words: str) -> None:
    """Nobody has to know what we are written in."""
    first = read_plan(given, now=START).findings[0]
    assert first.sentence.startswith(words)
    assert first.hint == ""


@pytest.mark.parametrize("zone", ["PST", "EST", "PST8PDT", "Mars/Olympus", "localtime", "", "../x"])
def test_only_zones_of_regions_are_zones(zone: str) -> None:
    """An abbreviation has no summer: it would be an hour off for half of the year."""
    first = found_in(STOP, timezone=zone)[0]
    assert first.pointer == "/timezone"
    assert "America/New_York" in first.sentence


def test_what_was_taken_once_is_read_again_later() -> None:
    """Even when an instant in it has passed: people are still under way."""
    node = send("a", schedule={"at": "2026-03-03T00:00:00Z"})
    given = {"startNodeId": "a", "nodes": [node], "goal": None}
    assert read_plan(given, now=START).plan is not None
    assert read_plan(given, now=START.replace(year=2027)).plan is None
    assert stored_plan(given).nodes.keys() == {"a"}


_MEMBERS = st.sampled_from(
    ["nodes", "steps", "id", "action", "transitions", "on", "to", "after", "schedule", "until"]
) | st.text(max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_MEMBERS, inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(_MEMBERS, JSON))
def test_nonsense_is_answered_with_findings(given: Any) -> None:
    """Nothing raises, and every finding points into what was given."""
    read = read_plan(given, now=START)
    assert (read.plan is None) == bool(read.findings)
    for each in read.findings:
        at(given, each.pointer)
