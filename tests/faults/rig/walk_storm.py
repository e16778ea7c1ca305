"""Journeys in a storm: people who walk from one text to the next while the server is killed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from tests.faults.rig.text_storm import TextStorm, messages
from tests.faults.rig.verdict import TextEvidence

#: What each person is sent, one after the other.
NODES = ("hello", "again")
_EVENT = "basket_left"


def plan(channel: str, content: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a plan of two texts; an event of the person's brings the second one forward."""

    def send(id_: str, *ways: Mapping[str, Any]) -> dict[str, Any]:
        said = {"body": f"{name} {id_}: hello {{{{ first_name }}}}", **content}
        return {"id": id_, "action": "send", "channel": channel, **said, "transitions": list(ways)}

    lost = ("failed", "unknown", "skipped", "expired")  # told at once, and not by a timer
    ahead = [{"on": each, "to": "wait"} for each in lost]
    ahead += [{"on": _EVENT, "to": "again"}, {"on": "elapsed", "to": "wait", "after": "PT2S"}]
    waits = [{"on": _EVENT, "to": "again"}, {"on": "elapsed", "to": "again", "after": "PT2S"}]
    return {
        "startNodeId": "hello",
        "nodes": [
            send("hello", *ahead),
            {"id": "wait", "action": "wait", "transitions": waits},
            send(
                "again",
                *({"on": each, "to": "bye"} for each in lost),
                {"on": "elapsed", "to": "bye", "after": "PT1S"},
            ),
            {"id": "bye", "action": "stop"},
        ],
    }


@dataclass(frozen=True, slots=True)
class WalkEvidence(TextEvidence):
    """A campaign of two texts for each person, with the walk of each, and what was counted."""

    walks: Sequence[Mapping[str, Any]] = ()
    shown: Mapping[str, Any] = field(default_factory=dict)

    def _list_and_store(self) -> Iterator[str]:
        told = Counter((row["node"], row["number"]) for row in self.rows)
        for pair, count in told.items():
            if count > 1 or pair[0] not in NODES or pair[1] not in self.people:
                yield f"{pair} stands {count} times among the messages"
        for number in self.people:
            if not told["hello", number] or not told["again", number]:
                yield f"{number} has walked past a text"
        for row in self.rows:
            if row["status"] not in self.ends:
                yield f"{row['number']} ended as {row['status']}: {row}"
        if self.status != "completed":
            yield f"the campaign ended as {self.status}"
        yield from self._walks()

    def _walks(self) -> Iterator[str]:
        """Everybody has come to the end, once, and is counted so."""
        if len(self.walks) != len(self.people):
            yield f"{len(self.walks)} have walked of {len(self.people)}"
        for walk in self.walks:
            if walk["status"] != "completed":
                yield f"a walk ended as {walk['status']}: {walk}"
        if self.shown["walks"]["completed"] != len(self.people):
            yield f"counted otherwise: {self.shown['walks']}"
        nodes = {each["id"]: each for each in self.shown["nodes"]}
        for node in NODES:
            if (nodes[node]["entered"], nodes[node]["here"]) != (len(self.people), 0):
                yield f"{node} is counted otherwise: {nodes[node]}"


@dataclass(kw_only=True)
class WalkStorm(TextStorm):
    """Journeys whose people enter by a list, or one by one while it storms."""

    _told: int = 0

    def create(self, name: str, at: datetime | None) -> str:
        """Create a journey; those of odd numbers are entered by us, again after each kill."""
        content = {n: v for n, v in self.carrier.content.items() if n in {"sender", "subject"}}
        body: dict[str, Any] = {
            "kind": "journey",
            "name": name,
            "plan": plan(self.carrier.channel, content, name),
            "rate_per_s": self.rate_per_s,
            "scheduled_at": at.isoformat() if at else None,
        }
        if self._is_listed(len(self.campaigns)):
            body["entry"] = {"by": "list", "list_id": self._list_id}
        campaign = str(self.server.post("/campaigns", **body)["id"])
        if at is None:
            self.server.post(f"/campaigns/{campaign}/start")
        return campaign

    def attend(self) -> None:
        """Let people enter who have not, tell of events, and tell of them again."""
        for number, campaign in enumerate(self.campaigns):
            shown = self.server.get(f"/campaigns/{campaign}")
            if shown["status"] != "running" or self._is_listed(number) or not shown["entry_open"]:
                continue
            subjects = [{self.carrier.known_by: each} for each in self.people]
            self.server.post(f"/campaigns/{campaign}/enrollments", subjects=subjects)
            self.server.post(f"/campaigns/{campaign}/close")
        self._told += 1
        for id_ in (f"event-{self._told - 1}", f"event-{self._told}"):
            about = self.people[int(id_.rpartition("-")[2]) % len(self.people)]
            event = {"id": id_, self.carrier.known_by: about, "name": _EVENT}
            self.server.post("/events/batch", events=[event])

    def planned(self, campaign: str) -> int:
        """Count those who have entered."""
        return len(self._walks(campaign))

    def evidence(self, campaign: str) -> WalkEvidence:
        """Compare what REST tells with the provider's book."""
        texts = [text for text in self.carrier.texts() if text.campaign == campaign]
        rows = list(messages(self.server, campaign))
        shown = self.server.get(f"/campaigns/{campaign}")
        people, walks = frozenset(self.people), self._walks(campaign)
        return WalkEvidence(people, shown["status"], rows, texts, walks=walks, shown=shown)

    def _is_listed(self, number: int) -> bool:
        return number % 2 == 0

    def _walks(self, campaign: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            path = f"/campaigns/{campaign}/enrollments?limit=100&cursor={quote(cursor)}"
            page = self.server.get(path)
            found += page["data"]
            cursor = page["next_cursor"]
        return found
