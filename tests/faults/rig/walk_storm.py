"""Journeys in a storm: people who walk from one text to the next while the server is killed."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from tests.faults.rig.text_storm import TextStorm, messages
from tests.faults.rig.verdict import Evidence
from tests.faults.rig.walk_verdict import GONE, LEFT, PAID, WalkEvidence, plan

#: Upon this people enter the third campaign, where they are also entered by us.
_SIGNED_UP: Final = "signed_up"
#: What is told of somebody, by the last digit of their place; of the others nothing is.
_TOLD: Final = {0: LEFT, 1: LEFT, 2: LEFT, 3: PAID, 4: LEFT, 5: LEFT, 7: GONE}
#: People who are entered, or told of, in one request.
_PART: Final = 9
#: Requests that tell of each part, in all.
_OFTEN: Final = 6
#: By what people enter the campaigns, in turn.
_LIST, _API, _EVENT = range(3)


@dataclass(kw_only=True)
class WalkStorm(TextStorm):
    """Journeys whose people enter by a list, by us, or upon an event and by us.

    Who are entered by us are so in several requests, spread over the kills. Each request is made
    twice, and one that a kill falls into as often as it takes.
    """

    _entered: dict[str, int] = field(default_factory=dict)  #: by campaign: requests that were made
    _parts_told: int = 0
    _events: dict[str, frozenset[str]] = field(default_factory=dict)
    _beside: Executor = field(default_factory=partial(ThreadPoolExecutor, 1))
    _asking: Future[None] | None = None  #: a request that is repeated until it is answered

    def create(self, name: str, at: datetime | None) -> str:
        """Create a journey, which people enter in another way than that of the last one."""
        content = {n: v for n, v in self.carrier.content.items() if n in {"sender", "subject"}}
        body: dict[str, Any] = {
            "kind": "journey",
            "name": name,
            "plan": plan(self.carrier.channel, content, name),
            "rate_per_s": self.rate_per_s,
            "scheduled_at": at.isoformat() if at else None,
        }
        way = len(self.campaigns) % 3
        if way == _LIST:
            body["entry"] = {"by": "list", "list_id": self._list_id}
        elif way == _EVENT:
            body["entry"] = {"by": "event", "event": _SIGNED_UP}
        campaign = str(self.server.post("/campaigns", **body)["id"])
        if way != _LIST:
            self._entered[campaign] = 0
        if at is None:
            self.server.post(f"/campaigns/{campaign}/start")
        return campaign

    def moments(self) -> Sequence[Callable[[], None]]:
        """Return when to kill: within a request as often as within dispatch."""
        return [*super().moments(), *[self._into_request] * 3]

    def attend(self) -> None:
        """Let some more people enter, tell of some more events, and repeat the last of both."""
        if self._asking is not None:
            self._asking.result()
            self._asking = None
        for work in self._work():
            work()

    def planned(self, campaign: str) -> int:
        """Count those who have entered."""
        return len(self._walks(campaign))

    def evidence(self, campaign: str) -> WalkEvidence:
        """Compare what REST tells with the provider's book."""
        texts = [text for text in self.carrier.texts() if text.campaign == campaign]
        rows = list(messages(self.server, campaign))
        shown = self.server.get(f"/campaigns/{campaign}")
        people = frozenset(self.people)
        walks = [self.server.get(f"/enrollments/{each['id']}") for each in self._walks(campaign)]
        return WalkEvidence(
            people, shown["status"], rows, texts, walks=walks, shown=shown, events=self._events
        )

    def faults(self, evidence: Sequence[Evidence[Any]]) -> list[str]:
        """Tell as well of events and receipts that moved nobody."""
        moved = sum((each.moved_by for each in self._of_walks(evidence)), start=Counter[str]())
        idle = {LEFT, "goal", "gone", "delivered", "elapsed"} - moved.keys()
        return [*super().faults(evidence), *(f"nobody moved upon {each}" for each in sorted(idle))]

    def figures(self, evidence: Sequence[Evidence[Any]]) -> dict[str, int]:
        """Return what there was, and how many were moved by events."""
        moved = sum((each.moved_by for each in self._of_walks(evidence)), start=Counter[str]())
        events = {f"upon {name}": moved[name] for name in (LEFT, "goal", "gone", "delivered")}
        return {**super().figures(evidence), **events}

    # --- Requests -----------------------------------------------------------------------------

    def _into_request(self) -> None:
        """Have a request be on its way."""
        ahead = [*self._work(), self._tell]
        self._asking = self._beside.submit(self._random.choice(ahead))
        time.sleep(self._random.uniform(0, 0.05))

    def _work(self) -> Iterator[Callable[[], None]]:
        """Yield the requests that are to be made now."""
        for campaign, made in self._entered.items():
            if made * _PART < len(self.people) + _PART and self.status(campaign) == "running":
                yield partial(self._enter, campaign)
        if self._parts_told < _OFTEN * len(self.people) // _PART:
            yield self._tell

    def _enter(self, campaign: str) -> None:
        """Let the next people enter, and once more those before them; close after the last."""
        made = self._entered[campaign]
        people = self.people[max(0, made - 1) * _PART : (made + 1) * _PART]
        if self.campaigns.index(campaign) % 3 == _EVENT:
            # Every other one signs up as well: whichever of both comes first, they enter once.
            self._send_events([(each, _SIGNED_UP) for each in people[::2]])
        subjects = [{self.carrier.known_by: each} for each in people]
        self.server.insist(f"/campaigns/{campaign}/enrollments", subjects=subjects)
        if (made + 1) * _PART >= len(self.people) + _PART:
            self.server.insist(f"/campaigns/{campaign}/close")
        self._entered[campaign] = made + 1

    def _tell(self) -> None:
        """Tell of the next people, and once more of those before them; in the end of nobody new."""
        parts = len(self.people) // _PART + 1
        first = max(0, self._parts_told % parts - 1) * _PART
        told = [
            (self.people[place], _TOLD[place % 10])
            for place in range(first, min(first + 2 * _PART, len(self.people)))
            if place % 10 in _TOLD
        ]
        self._parts_told += 1
        for number, name in told:
            self._events[number] = self._events.get(number, frozenset()) | {name}
        self._send_events(told)

    def _send_events(self, told: Sequence[tuple[str, str]]) -> None:
        """Tell of events; under its id each is told of once for each campaign that there is."""
        events = [
            {"id": f"{name}-{number[1:]}-{len(self.campaigns)}", "name": name}
            | {self.carrier.known_by: number}
            for number, name in told
        ]
        if len(events) == 1:
            self.server.insist("/events", **events[0])
        elif events:
            self.server.insist("/events/batch", events=events)

    def _of_walks(self, evidence: Sequence[Evidence[Any]]) -> Iterator[WalkEvidence]:
        return (each for each in evidence if isinstance(each, WalkEvidence))

    def _walks(self, campaign: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            path = f"/campaigns/{campaign}/enrollments?limit=100&cursor={quote(cursor)}"
            page = self.server.get(path)
            found += page["data"]
            cursor = page["next_cursor"]
        return found
