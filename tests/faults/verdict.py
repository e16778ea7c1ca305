"""What must hold after all the kills, by the carrier's book and by our store's report."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from functions.domain.message import FINAL, MessageStatus
from tests.faults.carriers import Call

#: Where a person's story may end.
_ENDS = FINAL | {MessageStatus.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One campaign, told by three witnesses: the list, the store and the carrier."""

    people: frozenset[str]
    status: str
    rows: Sequence[dict[str, Any]]
    calls: Sequence[Call]
    max_attempts: int = 3

    @property
    def unknown(self) -> int:
        """Count those of whom nobody knows whether they were reached."""
        return sum(row["status"] == MessageStatus.UNKNOWN for row in self.rows)

    @property
    def repeated(self) -> list[tuple[str, int]]:
        """Return the attempts for which a phone rang more than once."""
        rung = Counter((call.message, call.attempt) for call in self.calls)
        return [attempt for attempt, times in rung.items() if times > 1]

    def faults(self) -> list[str]:
        """Return a sentence for whatever must not be."""
        return [*self._calls_too_many(), *self._list_and_store(), *self._store_and_carrier()]

    def _calls_too_many(self) -> Iterator[str]:
        for message, attempt in self.repeated:
            yield f"attempt {attempt} of {message} rang twice"
        heard: set[str] = set()
        for call in self.calls:
            if call.message in heard:
                yield f"{call.to} was called again (attempt {call.attempt}) after a conversation"
            if call.connected:
                heard.add(call.message)
        for message, count in Counter(c.message for c in self.calls if c.counts).items():
            if count > self.max_attempts:
                yield f"{message} was called {count} times"

    def _list_and_store(self) -> Iterator[str]:
        told = Counter(row["number"] for row in self.rows)
        for number in sorted(self.people | set(told)):
            if told[number] != (number in self.people):
                yield f"{number} stands {told[number]} times in the report"
        for row in self.rows:
            if row["status"] not in _ENDS:
                yield f"{row['number']} ended as {row['status']}: {row}"
        if self.status not in {"completed", "failed"}:
            yield f"the campaign ended as {self.status}"
        if self.status == "failed" and any(r["status"] != "failed" for r in self.rows):
            yield "the campaign failed, although not everybody did"

    def _store_and_carrier(self) -> Iterator[str]:
        calls: dict[str, list[Call]] = defaultdict(list)
        for call in self.calls:
            calls[call.message].append(call)
        rows = {row["message_id"]: row for row in self.rows}
        for message in calls.keys() - rows.keys():
            yield f"the store does not know {message}, who was called"
        for message, row in rows.items():
            for fault in _contradictions(row, calls[message]):
                yield f"{fault}: {row}"


def _contradictions(row: dict[str, Any], calls: list[Call]) -> Iterator[str]:
    """Compare one person's row with the calls that the carrier made to them."""
    status = row["status"]
    if not row["reason"] and status != MessageStatus.COMPLETED:
        yield "no reason is given"
    if any(call.to != row["number"] for call in calls):
        yield "somebody else was called"
    if any(call.attempt > row["attempts"] for call in calls):
        yield "more attempts were made than the store counts"
    connected = any(call.connected for call in calls)
    if connected and status not in {MessageStatus.COMPLETED, MessageStatus.UNKNOWN}:
        yield "there was a conversation, which the store denies"
    if status == MessageStatus.COMPLETED and not connected:
        yield "there was no conversation, which the store claims"
