"""Whether the carrier's ledger, our store and the file of people tell the same story."""

import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from functions.channels.simulator.ledger import Ledger
from functions.channels.simulator.script import Outcome
from functions.cli.demo.people import People
from functions.domain.messages.message import FINAL, MessageStatus

_PICKED_UP = frozenset(
    {Outcome.CONNECTED, Outcome.HUNG_UP, Outcome.MACHINE, Outcome.MACHINE_DROPPED}
)


class Row(NamedTuple):
    """What our store says of one person."""

    message: str  #: its id within the campaign, as the ledger has it
    number: str
    status: str
    reason: str
    attempts: int


def read_report(text: str) -> list[Row]:
    """Read a campaign's report."""
    return [
        Row(
            r["message_id"].partition(".")[2],
            r["number"],
            r["status"],
            r["reason"],
            int(r["attempts"]),
        )
        for r in csv.DictReader(io.StringIO(text))
    ]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The three accounts of what happened, each kept by somebody else."""

    people: People
    upload: Mapping[str, Any]  #: what the import reported
    rows: list[Row]
    ledger: Ledger

    @property
    def statuses(self) -> Counter[str]:
        """Count people by status."""
        return Counter(row.status for row in self.rows)

    @property
    def skipped(self) -> Counter[str]:
        """Count those who were not to be called, by reason."""
        return Counter(r.reason for r in self.rows if r.status == MessageStatus.SKIPPED)

    def verdict(self) -> dict[str, int]:
        """Return what must never be and how often it was."""
        return {
            "attempts that rang a phone twice": len(self.ledger.duplicates),
            "people called again after they had picked up": self._called_after_pickup(),
            "calls that the store does not know": self._unknown_to_store(),
            "calls that the store claims and the carrier never made": self._unknown_to_carrier(),
            "suppressed people called": self._called(set(self.people.suppressed)),
            "people not called without a reason": self._without_reason(),
            "people whose story has no end": self._open_ends(),
            "rows of the file not accounted for": self._unaccounted(),
        }

    def _called_after_pickup(self) -> int:
        picked_up: set[str] = set()
        again: set[str] = set()
        for call in self.ledger.placed:
            if call.to in picked_up:
                again.add(call.to)
            hangup = self.ledger.ended.get(call.id)
            if hangup is not None and hangup.outcome in _PICKED_UP:
                picked_up.add(call.to)
        return len(again)

    def _unknown_to_store(self) -> int:
        rows = {row.message: row for row in self.rows}
        strange = 0
        for call in self.ledger.placed:
            row = rows.get(call.ref.message)
            known = row and row.number == call.to and call.attempt <= row.attempts
            strange += not known
        return strange

    def _unknown_to_carrier(self) -> int:
        called = {(call.ref.message, call.attempt) for call in self.ledger.placed}
        reached = [row for row in self.rows if row.status == MessageStatus.COMPLETED]
        return sum((row.message, row.attempts) not in called for row in reached)

    def _called(self, numbers: set[str]) -> int:
        return len(numbers & set(self.ledger.addresses))

    def _without_reason(self) -> int:
        called = {call.ref.message for call in self.ledger.placed}
        return sum(not row.reason for row in self.rows if row.message not in called)

    def _open_ends(self) -> int:
        ended = FINAL | {MessageStatus.UNKNOWN}
        return sum(row.status not in ended for row in self.rows)

    def _unaccounted(self) -> int:
        told: int = sum(self.upload[name] for name in ("imported", "duplicates", "invalid"))
        missing = self.people.numbers ^ {row.number for row in self.rows}
        return len(missing) + abs(self.people.rows - told)
