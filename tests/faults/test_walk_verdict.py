"""The judge of the storms over walks finds what is wrong, and only that."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Final

import pytest

from tests.faults.rig.verdict import Text
from tests.faults.rig.walk_verdict import LEFT, PAID, WalkEvidence

ADA, BEN = "+12125550101", "+12125550102"


def move(source: str, target: str, on: str, at: int) -> dict[str, Any]:
    """Return a move, with its reason."""
    return {"source": source, "target": target, "on": on, "at": at, "seen": at, "why": "so it is"}


def walk(number: str, sends: list[str], *moves: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return somebody's walk to its end."""
    texts = [{"id": f"c.{number}-{node}", "node": node} for node in sends]
    ended = {"status": "completed", "reason": "", "goal_at": None, "sentence": "It is over."}
    return {"entries": 1, "messages": texts, "moves": list(moves), **ended, **more}


def row(number: str, node: str, status: str, reason: str = "") -> dict[str, Any]:
    """Return what the store says of a text."""
    about = {"message_id": f"c.{number}-{node}", "number": number, "node": node}
    return {**about, "status": status, "reason": reason, "attempts": int(status != "cancelled")}


def told() -> dict[str, Any]:
    """Return all that is told of two walks: Ada's to the end, and that of Ben, who paid."""
    return {
        "people": frozenset({ADA, BEN}),
        "status": "completed",
        "rows": [
            row(ADA, "hello", "delivered"),
            row(ADA, "again", "unknown", "provider_500"),
            row(BEN, "hello", "cancelled", "left_plan"),
        ],
        "taken": [Text("c", f"{ADA}-hello", 1, ADA, delivered=True, told=True)],
        "walks": [
            walk(
                ADA,
                ["hello", "again"],
                move("hello", "again", LEFT, 1),
                move("again", "bye", "elapsed", 2),
                move("bye", "", "end", 2),
            ),
            walk(
                BEN,
                ["hello"],
                move("hello", "", "goal", 1),
                status="exited",
                reason="goal",
                goal_at=1,
            ),
        ],
        "events": {ADA: frozenset({LEFT}), BEN: frozenset({PAID})},
        "shown": {
            "walks": {
                "active": 0,
                "paused": 0,
                "completed": 1,
                "exited": 1,
                "cut_off": 0,
                "goal": 1,
                "exits": {"goal": 1},
            },
            "nodes": [
                {"id": "hello", "here": 0, "entered": 2, "left": {LEFT: 1, "goal": 1}},
                {"id": "again", "here": 0, "entered": 1, "left": {"elapsed": 1}},
                {"id": "bye", "here": 0, "entered": 1, "left": {"end": 1}},
            ],
            "stats": {
                "total": 3,
                "pending": 0,
                "failed": 0,
                "skipped": 0,
                "cancelled": 1,
                "expired": 0,
                "unknown": 1,
                "read": 0,
                "sending": 1,
                "sent": 1,
                "delivered": 1,
            },
        },
    }


def test_a_sound_campaign_has_no_fault() -> None:
    """Where histories, texts, counts and the provider agree, nothing is found."""
    evidence = WalkEvidence(**told())
    assert evidence.faults() == []
    assert evidence.moved_by == {LEFT: 1, "elapsed": 1, "end": 1, "goal": 1}


def _twice(all_: dict[str, Any]) -> None:
    all_["walks"][0]["entries"] = 2


def _stuck(all_: dict[str, Any]) -> None:
    all_["walks"][0] |= {"status": "active", "moves": all_["walks"][0]["moves"][:1]}


def _without(all_: dict[str, Any], name: str) -> None:
    all_[name] = all_[name][1:]


_WRONG: Final[Mapping[str, Callable[[dict[str, Any]], object]]] = {
    "somebody has walked twice": _twice,
    "do not lead from the start to an end": _stuck,
    "a walk ended as active": _stuck,
    "1 have walked of 2": lambda all_: _without(all_, "walks"),
    "among the messages or in a walk": lambda all_: _without(all_, "rows"),
    "is not explained": lambda all_: all_["walks"][0]["moves"][0].update(why=""),
    "not in their order": lambda all_: all_["walks"][0]["moves"][0].update(at=3, seen=3),
    "not those of the path": lambda all_: all_["walks"][1]["messages"].clear(),
    "was not told of them": lambda all_: all_["events"].pop(BEN),
    "the end is not explained": lambda all_: all_["walks"][1].update(goal_at=None),
    "walks are counted otherwise": lambda all_: all_["shown"]["walks"].update(completed=2),
    "nodes are counted otherwise": lambda all_: all_["shown"]["nodes"][0].update(here=1),
    "messages are counted otherwise": lambda all_: all_["shown"]["stats"].update(total=4),
    "the campaign ended as running": lambda all_: all_.update(status="running"),
    "it was written off": lambda all_: all_["rows"][2].update(reason="campaign_completed"),
    "ended as pending": lambda all_: all_["rows"][1].update(status="pending"),
}


@pytest.mark.parametrize("fault", _WRONG)
def test_whatever_is_wrong_is_found(fault: str) -> None:
    """A walk too many, a step without a reason, a count that differs: each has its sentence."""
    all_ = deepcopy(told())
    _WRONG[fault](all_)
    assert any(fault in sentence for sentence in WalkEvidence(**all_).faults())
