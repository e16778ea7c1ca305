"""The rules alone: what it costs to decide about one person, and to lint a plan of 500 nodes."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from benchmarks.journeys.world import send
from benchmarks.report import Row
from functions.domain.plans.advance import Advanced, advance
from functions.domain.plans.enrollment import Enrollment, Thread
from functions.domain.plans.facts import Facts, MessageFacts
from functions.domain.plans.plan import Plan
from functions.domain.plans.reading import read_plan

_NODES, _MANY_NODES = 20, 500
_DECISIONS, _ROUNDS = 5_000, 7
_NOW: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


async def measure() -> list[Row]:
    """Measure both, in time of the processor."""
    plan = _read(_NODES)
    waits = min(_seconds(_decisions(plan, opened=False)) for _ in range(_ROUNDS)) / _DECISIONS
    moves = min(_seconds(_decisions(plan, opened=True)) for _ in range(_ROUNDS)) / _DECISIONS
    lint = min(_seconds(lambda: _read(_MANY_NODES)) for _ in range(_ROUNDS))
    return [
        Row(f"decide, plan of {_NODES} nodes", *_in_us(moves, waits), "<= 20 us"),
        Row(f"lint, plan of {_MANY_NODES} nodes", f"{lint * 1000:.1f} ms", "", None, "< 100 ms"),
    ]


def _in_us(moves: float, waits: float) -> tuple[str, str, float]:
    ours, against = f"{moves * 1e6:.1f} us to move", f"{waits * 1e6:.1f} us to go on waiting"
    return ours, against, moves / waits


def _read(nodes: int) -> Plan:
    """Return a plan of reminders: each node leads to the next, or to the end for who answers."""
    names = [f"node-{number}" for number in range(nodes - 1)]
    document = {
        "startNodeId": names[0],
        "nodes": [
            *(_node(name, to) for name, to in zip(names, [*names[1:], "stop"], strict=True)),
            {"id": "stop", "action": "stop"},
        ],
    }
    plan, findings = read_plan(document, now=_NOW)
    assert plan is not None, findings
    return plan


def _node(name: str, to: str) -> dict[str, Any]:
    opened, silent = {"on": "opened", "to": to}, {"on": "no_open", "to": to, "after": "P1D"}
    return send(name, {"on": "replied", "to": "stop"}, opened, silent)


def _decisions(plan: Plan, *, opened: bool) -> Callable[[], None]:
    """Return a decision about somebody in the middle, taken again and again."""
    since = _NOW - timedelta(hours=2)
    thread = Thread("node-9", since, 10, "m-9", since)
    walk = Enrollment("ann", since, threads={"node-0": thread}, next_at=_NOW, who="ann")
    told = {"sent": since, "delivered": since} | ({"opened": _NOW} if opened else {})
    facts = Facts({"m-9": MessageFacts(since, None, told)})

    def name(start: str, node: str, visit: int) -> str:
        return f"{start}/{node}/{visit}"

    def decide() -> Advanced:
        return advance(plan, walk, facts, zone=plan.zone, now=_NOW, name=name)

    assert len(decide().enrollment.moves) == int(opened)

    def decide_all() -> None:
        for _ in range(_DECISIONS):
            decide()

    return decide_all


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun
