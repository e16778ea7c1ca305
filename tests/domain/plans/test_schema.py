"""The schema of plans: what it says, and that what is read fits it, in both profiles."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from functions.domain.plans.reading import read_plan
from functions.domain.plans.schema import schema
from tests.domain.plans.lint.test_linter import SEED
from tests.domain.plans.walking import START, on, send

#: Every kind of node, and nearly every member.
JOURNEY: dict[str, Any] = {
    "version": "1.0",
    "timezone": "America/Los_Angeles",
    "quietHours": {"start": "21:00", "end": "07:30"},
    "defaults": {"channel": "email", "timers": {"no_open_after": "PT72H"}},
    "exits": [{"on": "replied", "as": "answered"}],
    "goal": {"on": "purchase", "within": "P14D"},
    "startNodeId": "intro",
    "nodes": [
        {
            "id": "intro",
            "action": "send",
            "channel": "whatsapp",
            "providerTemplate": "intro",
            "language": "en_US",
            "parameters": ["{{ first_name }}"],
            "fallbacks": [
                {
                    "channel": "sms",
                    "body": "Hi {{ first_name }}",
                    "after": ["not_delivered"],
                    "wait": "PT10M",
                }
            ],
            "schedule": {"delay": "P1D", "time": "10:00"},
            "expiresAfter": "P2D",
            "transitions": [
                on("opened", "wait_click", within="PT72H"),
                on("no_open", "which", after="PT72H"),
                on("failed", "bye"),
            ],
        },
        {
            "id": "wait_click",
            "action": "wait",
            "transitions": [on("clicked", "note"), on("no_click", "which")],
        },
        {
            "id": "which",
            "action": "split",
            "branches": [{"to": "a", "weight": 50}, {"to": "hook", "weight": 50}],
        },
        send(
            "a",
            on("elapsed", "bye", after="P5D"),
            schedule={"until": {"weekday": "tue", "time": "10:00"}},
        ),
        {
            "id": "hook",
            "action": "webhook",
            "url": "https://example.com/hook",
            "body": "{{ first_name }}",
            "schedule": {"at": "2026-05-01T09:00:00Z"},
            "transitions": [on("elapsed", "later", after="P1D")],
        },
        {
            **send("later"),
            "schedule": {"interval": {"offset": "2days-5days", "time": "10:00-15:00"}},
        },
        {
            "id": "note",
            "action": "update_contact",
            "fields": {"preferred_product": "kettle"},
            "to": "bye",
        },
        {"id": "bye", "action": "stop"},
    ],
}
SEQUENCE = {
    "timezone": "Europe/Berlin",
    "defaults": {"channel": "sms"},
    "steps": [
        {"id": "hello", "offset": "P0D", "body": "Hello"},
        {"id": "tips", "offset": "P2D", "time": "10:00", "body": "Tips", "expiresAfter": "P1D"},
        {
            "id": "call",
            "offset": "P1W",
            "channel": "voice",
            "sender": "+12025550123",
            "botUrl": "wss://bot.example.com/talk",
        },
        {
            "id": "news",
            "interval": {"offset": "2days", "time": "9:30"},
            "repeat": {"rrule": "FREQ=MONTHLY;BYDAY=2MO", "until": "2027-12-31T00:00:00Z"},
            "body": "News",
        },
        {
            "id": "more",
            "offset": "P0D",
            "repeat": {"interval": {"offset": "1week-2weeks"}, "count": 12},
            "body": "More",
        },
    ],
}
#: What the README of the system shows whose way of writing this is: a fragment, but well shaped.
FRAGMENT = {**SEED, "nodes": [SEED["nodes"][0]]}
PLANS = [SEED, FRAGMENT, JOURNEY, SEQUENCE]


@pytest.mark.parametrize("given", PLANS)
def test_what_is_read_fits_the_schema(given: Any) -> None:
    """Plans that were written for another system too."""
    assert list(jsonschema_rs.validator_for(schema()).iter_errors(given)) == []


@pytest.mark.parametrize("given", [SEED, JOURNEY, SEQUENCE])
def test_what_fits_is_read(given: Any) -> None:
    """The plans of these tests are whole."""
    assert read_plan(given, now=START).plan is not None


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "red"},
        {"startNodeId": None},
        {"startNodeId": "a b"},
        {"nodes": []},
        {"nodes": [{"id": "a", "action": "dance"}]},
        {"nodes": [send("a", colour="red")]},
        {"nodes": [send("a", on("opened", "a", after="3 days"))]},
        {"nodes": [send("a", channel="fax")]},
        {"defaults": {"timers": {"opened_after": "P1D"}}},
        {"version": "2.0"},
    ],
)
def test_what_is_not_read_does_not_fit(change: Any) -> None:
    """An editor marks it before it is sent."""
    given = {**JOURNEY, **change}
    assert read_plan(given, now=START).plan is None
    assert list(jsonschema_rs.validator_for(schema()).iter_errors(given)) != []


def _parts(part: Any) -> Iterator[Any]:
    """Yield every schema within a schema."""
    if isinstance(part, list):
        for each in part:
            yield from _parts(each)
    elif isinstance(part, dict):
        yield part
        for name, value in part.items():
            if name in {"properties", "$defs", "patternProperties"}:
                yield from _parts(list(value.values()))
            elif name not in {"examples", "default", "enum", "required"}:
                yield from _parts(value)


@pytest.mark.parametrize("strict", [False, True])
def test_every_member_has_a_sentence(strict: bool) -> None:
    """Whoever writes a plan by the schema alone, a model for one, is told what each member is."""
    whole = schema(strict=strict)
    jsonschema_rs.validator_for(whole)
    assert all(part["description"] for part in (whole, *whole["$defs"].values()))
    for part in _parts(whole):
        if part.get("type") == "object":  # a callback's other members are the program's own
            is_callback = not strict and list(part.get("properties", ())) == ["id"]
            assert part["additionalProperties"] is is_callback
        assert all(member["description"] for member in part.get("properties", {}).values()), part


def test_every_member_has_an_example_that_fits() -> None:
    """Each example is one of what it is an example of."""
    whole = schema()
    for part in whole["$defs"].values():
        for name, member in part.get("properties", {}).items():
            assert member["examples"], name
            fits = jsonschema_rs.validator_for({**member, "$defs": whole["$defs"]})
            for example in member["examples"]:
                assert list(fits.iter_errors(example)) == [], name


def test_the_strict_profile_keeps_to_what_all_take() -> None:
    """No keyword that one of the APIs refuses, every member required, no choice at the root."""
    whole = schema(strict=True)
    assert "anyOf" not in whole
    assert whole["type"] == "object"
    allowed = {"type", "enum", "description", "items", "anyOf", "$ref"}
    allowed |= {"properties", "required", "additionalProperties"}
    for part in _parts(whole):
        assert part.keys() <= allowed | ({"$schema", "title", "$defs"} if part is whole else set())
        if "properties" in part:
            assert part["required"] == list(part["properties"])
        if "$ref" in part:
            assert part.keys() == {"$ref"}


def test_the_strict_profile_is_no_deeper_than_apis_take() -> None:
    """Ten levels at most, and no part that holds itself."""
    whole = schema(strict=True)

    def depth(part: Any, seen: tuple[str, ...] = ()) -> int:
        name = part.get("$ref", "").rpartition("/")[2]
        if name:
            assert name not in seen
            return depth(whole["$defs"][name], (*seen, name))
        inner = [*part.get("anyOf", ()), *([part["items"]] if "items" in part else ())]
        own = [depth(each, seen) for each in part.get("properties", {}).values()]
        return max([depth(each, seen) for each in inner] + [1 + each for each in own], default=0)

    assert depth(whole) <= 10


def _fill(given: Any, part: Any, whole: Any) -> Any:
    """Return a value with null for every member that it leaves out."""
    if "$ref" in part:
        return _fill(given, whole["$defs"][part["$ref"].rpartition("/")[2]], whole)
    if "anyOf" in part:
        filled = [_fill(given, each, whole) for each in part["anyOf"]]
        fitting = [
            value
            for value, each in zip(filled, part["anyOf"], strict=True)
            if jsonschema_rs.is_valid({**each, "$defs": whole["$defs"]}, value)
        ]
        return fitting[0] if fitting else given
    if isinstance(given, list) and "items" in part:
        return [_fill(each, part["items"], whole) for each in given]
    if isinstance(given, dict) and "properties" in part:
        members = part["properties"]
        named = {name: _fill(given.get(name), each, whole) for name, each in members.items()}
        return {**given, **named}
    return given


@pytest.mark.parametrize("given", PLANS)
def test_a_strict_rendering_fits_and_is_the_same_plan(given: Any) -> None:
    """Null stands for what is left out, and is read so."""
    whole = schema(strict=True)
    rendered = _fill(given, whole, whole)
    assert list(jsonschema_rs.validator_for(whole).iter_errors(rendered)) == []
    assert list(jsonschema_rs.validator_for(whole).iter_errors(given)) != []
    ours, theirs = read_plan(given, now=START), read_plan(rendered, now=START)
    assert theirs.findings == ours.findings
    if ours.plan is not None and theirs.plan is not None:
        assert theirs.plan.document == ours.plan.document
