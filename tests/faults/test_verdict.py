"""The judge of the storms finds what is wrong, and only that."""

from dataclasses import replace
from typing import Any

import pytest

from tests.faults.rig.verdict import Call, CallEvidence, Text, TextEvidence

ADA, BEN, CLEO = "+12125550101", "+12125550102", "+12125550103"


def call(number: str, attempt: int = 1, **more: Any) -> Call:
    """Return a call to somebody, whose number stands for their message too."""
    return Call("campaign", number, attempt, number, ended=True, connected=False)._replace(**more)


def row(number: str, status: str, reason: str, attempts: int) -> dict[str, Any]:
    """Return what the store says of somebody."""
    told = {"message_id": number, "number": number, "status": status, "reason": reason}
    return {**told, "attempts": attempts}


SOUND = CallEvidence(
    frozenset({ADA, BEN, CLEO}),
    "completed",
    [
        row(ADA, "completed", "", 2),
        row(BEN, "unknown", "sender_lost", 1),
        row(CLEO, "skipped", "suppressed", 0),
    ],
    [call(ADA), call(ADA, 2, connected=True)],
)


def with_row(*told: Any) -> CallEvidence:
    """Return the evidence with another story of one person in the store."""
    others = [each for each in SOUND.rows if each["number"] != told[0]]
    return replace(SOUND, rows=[*others, row(*told)])


def with_call(*calls: Call) -> CallEvidence:
    """Return the evidence with more calls in the carrier's book."""
    return replace(SOUND, taken=[*SOUND.taken, *calls])


def test_a_sound_campaign_has_no_fault() -> None:
    """Where list, store and carrier agree, nothing is found, and the unknown are counted."""
    assert SOUND.faults() == []
    assert (SOUND.unknown, SOUND.repeated) == (1, [])


@pytest.mark.parametrize(
    ("evidence", "fault"),
    [
        (with_call(call(BEN), call(BEN)), "was made twice"),
        (with_call(call(ADA, 2)), "after a conversation"),
        (with_call(*(call(BEN, n) for n in range(4))), "was tried 4 times"),
        (replace(SOUND, people=SOUND.people | {"+12125550104"}), "stands 0 times"),
        (replace(SOUND, rows=[*SOUND.rows, SOUND.rows[2]]), "stands 2 times"),
        (with_row(BEN, "sending", "timeout", 1), "ended as sending"),
        (replace(SOUND, status="running"), "ended as running"),
        (replace(SOUND, status="failed"), "although not everybody did"),
        (with_call(call("+12125550104")), "the store does not know"),
        (with_row(CLEO, "skipped", "", 0), "no reason is given"),
        (with_call(call(BEN, to=CLEO)), "somebody else was reached"),
        (with_call(call(BEN, 2)), "more attempts were made"),
        (with_row(ADA, "failed", "busy", 2), "which the store denies"),
        (with_row(BEN, "completed", "", 1), "which the store claims"),
    ],
)
def test_whatever_is_wrong_is_found(evidence: CallEvidence, fault: str) -> None:
    """A call too many, a person too few, a story without an end: each has its sentence."""
    assert any(fault in sentence for sentence in evidence.faults())


def test_a_call_that_nobody_spoke_in_does_not_count_as_an_attempt() -> None:
    """Four calls, one of them picked up while our answer URL was away, are not too many."""
    silent = call(BEN, counts=False)
    calls = [silent, *(call(BEN, attempt) for attempt in (2, 3, 4))]
    told = with_row(BEN, "unknown", "no_answer", 4)
    assert replace(told, taken=[*SOUND.taken, *calls]).faults() == []


def text(number: str, attempt: int = 1, **more: Any) -> Text:
    """Return a text to somebody that has arrived, as we know."""
    delivered = not more.get("failed", False)
    return Text("campaign", number, attempt, number, delivered, told=True)._replace(**more)


TEXTED = TextEvidence(
    frozenset({ADA, BEN, CLEO}),
    "completed",
    [
        row(ADA, "delivered", "", 2),
        row(BEN, "unknown", "sender_lost", 1),
        row(CLEO, "sent", "", 1),
    ],
    [text(ADA, failed=True), text(ADA, 2), text(CLEO, told=False)],
)


def with_texts(*texts: Text) -> TextEvidence:
    """Return the evidence with more texts in the provider's book."""
    return replace(TEXTED, taken=[*TEXTED.taken, *texts])


def with_story(*told: Any) -> TextEvidence:
    """Return the evidence with another story of one person in the store."""
    others = [each for each in TEXTED.rows if each["number"] != told[0]]
    return replace(TEXTED, rows=[*others, row(*told)])


def test_a_sound_campaign_of_texts_has_no_fault() -> None:
    """A text after a failed one, a lost answer and a lost receipt are no faults."""
    assert TEXTED.faults() == []
    assert (TEXTED.unknown, TEXTED.repeated) == (1, [])


@pytest.mark.parametrize(
    ("evidence", "fault"),
    [
        (with_texts(text(CLEO)), "was made twice"),
        (with_texts(text(CLEO, 2)), "after one was taken"),
        (with_texts(*(text(BEN, n, failed=True) for n in range(4))), "was tried 4 times"),
        (with_texts(text(BEN)), "has arrived, which the store denies"),
        (with_texts(text(BEN, failed=True)), "has failed, which the store denies"),
        (with_texts(text(BEN, to=CLEO)), "somebody else was reached"),
        (with_texts(text(CLEO, 2)), "more attempts were made"),
        (with_story(CLEO, "failed", "", 1), "no reason is given"),
        (with_story(CLEO, "failed", "undelivered", 1), "has arrived, which the store denies"),
        (with_story(BEN, "delivered", "", 1), "has not arrived, which the store claims"),
        (with_story(BEN, "sent", "", 1), "was not taken, which the store claims"),
        (with_story(BEN, "pending", "provider_429", 1), "ended as pending"),
    ],
)
def test_whatever_is_wrong_with_texts_is_found(evidence: TextEvidence, fault: str) -> None:
    """A text too many, and whatever the provider and the store tell differently."""
    assert any(fault in sentence for sentence in evidence.faults())
