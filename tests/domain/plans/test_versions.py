"""The difference of two versions of a plan, node by node."""

from typing import Any

import pytest

from functions.domain.plans.reading import stored_plan
from functions.domain.plans.versions.difference import difference

STOP = {"id": "stop", "action": "stop"}


def _node(**more: Any) -> dict[str, Any]:
    ways = [{"on": "no_open", "to": "stop"}]
    return {
        "id": "hello",
        "action": "send",
        "subject": "Hi",
        "body": "Hi",
        "transitions": ways,
    } | more


def _plan(*nodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"startNodeId": nodes[0]["id"], "nodes": [*nodes, STOP], **more}


@pytest.mark.parametrize(
    ("changes", "aspects"),
    [
        ({}, []),
        ({"channel": "email"}, []),
        ({"body": "Else"}, ["content"]),
        ({"channel": "sms", "subject": None}, ["content"]),
        ({"sender": "us@example.com"}, ["content"]),
        ({"fallbacks": [{"channel": "sms", "body": "Hi"}]}, ["content"]),
        ({"schedule": {"delay": "P1D"}}, ["timing"]),
        ({"expiresAfter": "P1D"}, ["timing"]),
        ({"transitions": [{"on": "no_open", "to": "stop", "after": "PT72H"}]}, []),
        ({"transitions": [{"on": "no_open", "to": "stop", "after": "PT1H"}]}, ["ways_out"]),
        ({"transitions": [{"on": "clicked", "to": "stop"}]}, ["ways_out"]),
        ({"action": "wait", "subject": None, "body": None}, ["action"]),
    ],
)
def test_a_node_changes_in_what_it_does_says_and_leads_to(
    changes: dict[str, Any], aspects: list[str]
) -> None:
    """What another spelling says alike is no change: the plan's own timer, its own channel."""
    before, after = stored_plan(_plan(_node())), stored_plan(_plan(_node(**changes)))
    found = difference(before, after)
    assert found.changed.get("hello", []) == aspects
    assert (found.added, found.removed, found.plan) == ([], [], [])
    assert found.is_none is not bool(aspects)


def test_a_timer_of_the_plan_changes_the_ways_out_of_the_nodes_that_go_by_it() -> None:
    """And is told as the plan's own change, too."""
    timers = {"timers": {"no_open_after": "PT1H"}}
    found = difference(stored_plan(_plan(_node())), stored_plan(_plan(_node(), defaults=timers)))
    assert (found.changed, found.plan) == ({"hello": ["ways_out"]}, ["defaults"])


def test_nodes_come_and_go_and_the_plan_changes_in_its_members() -> None:
    """Each by its own name, as it is written."""
    quiet = {"start": "21:00", "end": "08:00"}
    after = _plan(_node(id="welcome"), quietHours=quiet, exits=[{"on": "replied"}])
    found = difference(stored_plan(_plan(_node())), stored_plan(after))
    assert (found.added, found.removed, found.changed) == (["welcome"], ["hello"], {})
    assert found.plan == ["quietHours", "exits", "startNodeId"]


def test_steps_are_compared_as_nodes_are() -> None:
    """A changed offset is a changed timing; the order of steps is told of the plan."""
    one = {"id": "one", "offset": "P1D", "subject": "x", "body": "x"}
    two = {**one, "id": "two"}
    before = stored_plan({"steps": [one, two]})
    found = difference(before, stored_plan({"steps": [{**two, "offset": "P2D"}, one]}))
    assert (found.changed, found.plan) == ({"two": ["timing"]}, ["order"])
