"""The judge of the storms finds what is wrong, and only that."""

from dataclasses import replace
from typing import Any

import pytest

from tests.faults.carriers import Call
from tests.faults.verdict import Evidence

ADA, BEN, CLEO = "+12125550101", "+12125550102", "+12125550103"


def call(number: str, attempt: int = 1, **more: Any) -> Call:
    """Return a call to somebody, whose number stands for their message too."""
    return Call("campaign", number, attempt, number, ended=True, connected=False)._replace(**more)


def row(number: str, status: str, reason: str, attempts: int) -> dict[str, Any]:
    """Return what the store says of somebody."""
    told = {"message_id": number, "number": number, "status": status, "reason": reason}
    return {**told, "attempts": attempts}


SOUND = Evidence(
    frozenset({ADA, BEN, CLEO}),
    "completed",
    [
        row(ADA, "completed", "", 2),
        row(BEN, "unknown", "sender_lost", 1),
        row(CLEO, "skipped", "suppressed", 0),
    ],
    [call(ADA), call(ADA, 2, connected=True)],
)


def with_row(*told: Any) -> Evidence:
    """Return the evidence with another story of one person in the store."""
    others = [each for each in SOUND.rows if each["number"] != told[0]]
    return replace(SOUND, rows=[*others, row(*told)])


def with_call(*calls: Call) -> Evidence:
    """Return the evidence with more calls in the carrier's book."""
    return replace(SOUND, calls=[*SOUND.calls, *calls])


def test_a_sound_campaign_has_no_fault() -> None:
    """Where list, store and carrier agree, nothing is found, and the unknown are counted."""
    assert SOUND.faults() == []
    assert (SOUND.unknown, SOUND.repeated) == (1, [])


@pytest.mark.parametrize(
    ("evidence", "fault"),
    [
        (with_call(call(BEN), call(BEN)), "rang twice"),
        (with_call(call(ADA, 2)), "after a conversation"),
        (with_call(*(call(BEN, n) for n in range(4))), "was called 4 times"),
        (replace(SOUND, people=SOUND.people | {"+12125550104"}), "stands 0 times"),
        (replace(SOUND, rows=[*SOUND.rows, SOUND.rows[2]]), "stands 2 times"),
        (with_row(BEN, "sending", "timeout", 1), "ended as sending"),
        (replace(SOUND, status="running"), "ended as running"),
        (replace(SOUND, status="failed"), "although not everybody did"),
        (with_call(call("+12125550104")), "the store does not know"),
        (with_row(CLEO, "skipped", "", 0), "no reason is given"),
        (with_call(call(BEN, to=CLEO)), "somebody else was called"),
        (with_call(call(BEN, 2)), "more attempts were made"),
        (with_row(ADA, "failed", "busy", 2), "which the store denies"),
        (with_row(BEN, "completed", "", 1), "which the store claims"),
    ],
)
def test_whatever_is_wrong_is_found(evidence: Evidence, fault: str) -> None:
    """A call too many, a person too few, a story without an end: each has its sentence."""
    assert any(fault in sentence for sentence in evidence.faults())


def test_a_call_that_nobody_spoke_in_does_not_count_as_an_attempt() -> None:
    """Four calls, one of them picked up while our answer URL was away, are not too many."""
    silent = call(BEN, counts=False)
    calls = [silent, *(call(BEN, attempt) for attempt in (2, 3, 4))]
    told = with_row(BEN, "unknown", "no_answer", 4)
    assert replace(told, calls=[*SOUND.calls, *calls]).faults() == []
