"""What must hold of journeys after all the kills: each person's history explains what there is."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from functions.domain.messages.message import MessageStatus
from tests.faults.rig.verdict import Row, Text, TextEvidence

#: The nodes that send something, in the order in which people come to them.
SENDS: Final = ("hello", "again")
#: Brings the second text forward; ends the walk with its goal; ends it otherwise.
LEFT, PAID, GONE = "basket_left", "order_paid", "went_away"
#: Why somebody left, by the event upon which.
EXITS: Final = {PAID: "goal", GONE: "gone"}
#: Which event must have been told of somebody who moved upon this.
_CAUSES: Final = {LEFT: LEFT, **{reason: event for event, reason in EXITS.items()}}
#: Changes of mind: what waited to be sent is written off.
_WRITTEN_OFF: Final = frozenset({"moved_on", "left_plan"})

_SENT: Final = ("sent", "delivered", "answered", "read", "completed")


def plan(channel: str, content: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a plan of two texts, whose people are moved by receipts, events and timers."""

    def send(id_: str, *ways: Mapping[str, Any]) -> dict[str, Any]:
        said = {"body": f"{name} {id_}: hello {{{{ first_name }}}}", **content}
        return {"id": id_, "action": "send", "channel": channel, **said, "transitions": list(ways)}

    sooner = {"on": LEFT, "to": "again"}
    # Lost answers and lost receipts are named nowhere: there the timers lead on.
    told = [{"on": each, "to": "wait"} for each in ("delivered", "failed")]
    return {
        "startNodeId": "hello",
        "goal": {"on": PAID},
        "exits": [{"on": GONE, "as": EXITS[GONE]}],
        "nodes": [
            send("hello", sooner, *told, {"on": "elapsed", "to": "wait", "after": "PT2S"}),
            {
                "id": "wait",
                "action": "wait",
                "transitions": [sooner, {"on": "elapsed", "to": "again", "after": "PT2S"}],
            },
            send("again", {"on": "elapsed", "to": "bye", "after": "PT1S"}),
            {"id": "bye", "action": "stop"},
        ],
    }


@dataclass(frozen=True, slots=True)
class WalkEvidence(TextEvidence):
    """A campaign of two texts for each person, with the walk of each, and what was counted."""

    walks: Sequence[Mapping[str, Any]] = ()
    shown: Mapping[str, Any] = field(default_factory=dict)
    #: What was told of people, by their number.
    events: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def moved_by(self) -> Counter[str]:
        """Count upon what people have moved, or left."""
        return Counter(move["on"] for walk in self.walks for move in walk["moves"])

    def contradictions(self, row: Row, taken: Sequence[Text]) -> Iterator[str]:
        """Compare both; what was written off may have failed before, and has never arrived."""
        if row["status"] != MessageStatus.CANCELLED:
            yield from TextEvidence.contradictions(self, row, taken)
        elif row["reason"] not in _WRITTEN_OFF or any(text.delivered for text in taken):
            yield "it was written off"

    def _list_and_store(self) -> Iterator[str]:
        for row in self.rows:
            if row["status"] not in self.ends:
                yield f"{row['number']} ended as {row['status']}: {row}"
        if self.status != "completed":
            yield f"the campaign ended as {self.status}: {self.shown}"
        if len(self.walks) != len(self.people):
            yield f"{len(self.walks)} have walked of {len(self.people)}"
        numbers = {row["message_id"]: row["number"] for row in self.rows}
        for walk in self.walks:
            told = {numbers.get(message["id"], "") for message in walk["messages"]}
            for fault in self._of_walk(walk, told):
                yield f"{fault}: {walk}"
        explained = {message["id"] for walk in self.walks for message in walk["messages"]}
        for id_ in numbers.keys() ^ explained:
            yield f"{id_} stands among the messages or in a walk, and not in both"
        yield from self._counts()

    def _of_walk(self, walk: Mapping[str, Any], numbers: set[str]) -> Iterator[str]:
        """Somebody has walked once, to an end, and their history says why they did each step."""
        moves = walk["moves"]
        path = ["hello", *(move["target"] for move in moves)]
        if walk["entries"] != 1 or len(set(path)) < len(path):
            yield "somebody has walked twice"
        if [move["source"] for move in moves] != path[:-1] or path[-1]:
            yield "the moves do not lead from the start to an end"
        if not all(move["why"] and move["at"] <= move["seen"] for move in moves):
            yield "a move is not explained"
        if [move["at"] for move in moves] != sorted(move["at"] for move in moves):
            yield "the moves are not in their order"
        sent = [message["node"] for message in walk["messages"]]
        if sorted(sent) != sorted(set(path).intersection(SENDS)):
            yield "the texts are not those of the path"
        if len(numbers) != 1 or not numbers <= self.people:
            yield f"it is of {numbers}"
        known = set().union(*(self.events.get(number, ()) for number in numbers))
        if not {_CAUSES[move["on"]] for move in moves if move["on"] in _CAUSES} <= known:
            yield "an event moved somebody that was not told of them"
        yield from _end(walk)

    def _counts(self) -> Iterator[str]:
        """Compare what is counted with what is stored."""
        for name, counted, found in (
            ("walks", self.shown["walks"], self._walks()),
            ("nodes", {n["id"]: n for n in self.shown["nodes"] if n["entered"]}, self._nodes()),
            ("messages", self.shown["stats"], self._messages()),
        ):
            wrong = {key: counted.get(key) for key in found if counted.get(key) != found[key]}
            if wrong or (name == "nodes" and counted.keys() != found.keys()):
                yield f"{name} are counted otherwise: {wrong} of {counted}, stored are {found}"

    def _walks(self) -> Mapping[str, Any]:
        statuses = Counter(walk["status"] for walk in self.walks)
        exits = Counter(walk["reason"] for walk in self.walks if walk["reason"])
        goal = sum(bool(walk["goal_at"]) for walk in self.walks)
        each = {name: statuses[name] for name in ("active", "paused", "completed", "exited")}
        return {**each, "cut_off": 0, "goal": goal, "exits": dict(exits)}

    def _nodes(self) -> Mapping[str, Any]:
        entered, left = Counter({"hello": len(self.walks)}), dict[str, Counter[str]]()
        for walk in self.walks:
            for move in walk["moves"]:
                entered[move["target"]] += 1
                left.setdefault(move["source"], Counter())[move["on"]] += 1
        del entered[""]
        return {
            node: {"id": node, "here": 0, "entered": count, "left": dict(left.get(node, {}))}
            for node, count in entered.items()
        }

    def _messages(self) -> Mapping[str, int]:
        found = Counter(row["status"] for row in self.rows)
        alike = ("pending", "failed", "skipped", "cancelled", "expired", "unknown", "read")
        return {
            "total": len(self.rows),
            **{name: found[name] for name in alike},
            "sending": found["sending"] + found["unknown"],
            "sent": sum(found[name] for name in _SENT),
            "delivered": sum(found[name] for name in _SENT[1:]),
        }


def _end(walk: Mapping[str, Any]) -> Iterator[str]:
    """Everybody has come to the end, or left upon an event, and is told so in words."""
    last = walk["moves"][-1]["on"] if walk["moves"] else ""
    reason = walk["reason"]
    ended = ("exited", reason) if reason else ("completed", "")
    if (walk["status"], reason) != ended or reason not in {"", *EXITS.values()}:
        yield f"a walk ended as {walk['status']}"
    if reason and last != reason:
        yield f"somebody left for {reason} upon {last}"
    if not walk["sentence"] or bool(walk["goal_at"]) != (reason == EXITS[PAID]):
        yield "the end is not explained"
