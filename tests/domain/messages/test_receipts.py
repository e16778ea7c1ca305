"""Receipts of texts and mails: whatever order they come in, they come to the same."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.messages.attempts import (
    SETTLED,
    DeliveryPolicy,
    after_send,
    after_unknown_wait,
    after_watch,
    claimed,
    merge_late_answer,
)
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef, Retry
from functions.domain.messages.ids import send_lane
from functions.domain.messages.message import FINAL, RANK, Changes, Message, MessageStatus
from functions.domain.messages.receipts import after_event
from functions.domain.messages.send_outcomes import Accepted, SendOutcome, Unknown

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
POLICY = DeliveryPolicy()
REF = MessageRef("acme", "c1", "m1")
PENDING = Message("m1", "+12025550123", "pending", send_lane(3), NOW, reason="quiet_hours")
SENDING = claimed(PENDING, until=NOW + POLICY.send_lease)
LOST = Unknown("provider_timeout")

K = EventKind
#: What providers report of one text or mail, in the order in which it happens.
FLOWS = (
    (K.SENT,),
    (K.DELIVERED,),
    (K.FAILED,),
    (K.SENT, K.DELIVERED),
    (K.SENT, K.DELIVERED, K.READ),
    (K.DELIVERED, K.READ),
    (K.READ,),
    (K.SENT, K.FAILED),
    (K.SENT, K.DELIVERED, K.READ, K.REPLIED),
    (K.SENT, K.DELIVERED, K.REPLIED, K.OPTED_OUT),
    (K.DELIVERED, K.READ, K.READ, K.CLICKED, K.CLICKED, K.READ),
    (K.DELIVERED, K.CLICKED, K.OPTED_OUT),
    (K.SENT, K.DELIVERED, K.READ, K.COMPLAINED),
    (K.DELIVERED, K.COMPLAINED, K.OPTED_OUT),
    (K.DELIVERED, K.FAILED),  # a server takes the mail, and sends it back hours later
    (K.SENT, K.DELIVERED, K.READ, K.FAILED),
    (K.COMPLAINED,),
    (K.OPTED_OUT,),
)


class Answer(NamedTuple):
    """The provider's answer to the sending, as one of the things that happen."""

    outcome: SendOutcome


Step: TypeAlias = Answer | DeliveryEvent


def receipt(kind: EventKind, at: datetime) -> DeliveryEvent:
    """Return a receipt as a channel reports it; a failure is for good."""
    reason = "undelivered" if kind is K.FAILED else ""
    return DeliveryEvent(f"{kind}-{at}", REF, 1, kind, at, "p1", reason, Retry.NEVER)


def changed(message: Message, step: Step) -> Changes:
    """Return what the engine writes where this happens to a message."""
    if isinstance(step, DeliveryEvent):
        return after_event(message, step, POLICY, now=NOW)
    if message.status == MessageStatus.SENDING:
        return after_send(message, step.outcome, POLICY, watch=None, now=NOW)
    return merge_late_answer(message, 1, step.outcome, NOW)


def history(steps: Sequence[Step]) -> list[Message]:
    """Return the message after each step, and once its lane has stopped waiting for more."""
    seen = [SENDING]
    for step in steps:
        seen.append(seen[-1]._replace(**changed(seen[-1], step)))
    return [*seen, seen[-1]._replace(**_given_up(seen[-1]))]


def _given_up(message: Message) -> Changes:
    if message.lane is None:
        return {}
    return after_unknown_wait() if message.status == MessageStatus.UNKNOWN else after_watch()


def happened(flow: Sequence[EventKind], offsets: Sequence[int]) -> list[DeliveryEvent]:
    """Return a flow's receipts; the provider's clock may be ahead of ours, or behind."""
    return [receipt(kind, NOW + offset * SECOND) for kind, offset in zip(flow, sorted(offsets))]  # noqa: B905 - there are more offsets than receipts


flows = st.sampled_from(FLOWS)
offsets = st.lists(st.integers(-30, 3600), min_size=6, max_size=6)
answers = st.sampled_from([Answer(Accepted("p1")), Answer(LOST)])


@given(flows, offsets, answers, st.data())
def test_every_order_comes_to_the_same_message(
    flow: Sequence[EventKind], offsets: list[int], answer: Answer, data: st.DataObject
) -> None:
    """Receipts early, late, shuffled, repeated, before the answer or after: one final message."""
    receipts = happened(flow, offsets)
    repeated = data.draw(st.lists(st.sampled_from(receipts), max_size=4))
    steps: list[Step] = [answer, *receipts, *repeated]
    shuffled = data.draw(st.permutations(steps))
    assert history(shuffled)[-1] == history([answer, *receipts])[-1]


@given(flows, offsets, answers, st.data())
def test_no_status_ever_falls(
    flow: Sequence[EventKind], offsets: list[int], answer: Answer, data: st.DataObject
) -> None:
    """At every step the status is as high as before or higher, and what is final stays."""
    receipts = happened(flow, offsets)
    steps: list[Step] = [answer, *receipts, *receipts]
    shuffled = data.draw(st.permutations(steps))
    highest = len(RANK)
    seen = [message.status for message in history(shuffled)]
    ranks = [RANK.get(status, highest) for status in seen]
    assert ranks == sorted(ranks)
    finals = {status for status in seen if status in FINAL}
    assert len(finals) <= 1


@pytest.mark.parametrize("flow", FLOWS, ids="-".join)
@pytest.mark.parametrize("outcome", [Accepted("p1"), LOST], ids=["accepted", "lost"])
def test_what_a_flow_comes_to(flow: Sequence[EventKind], outcome: SendOutcome) -> None:
    """A failure is the end, else the best that was told; only of what was never told it is lost."""
    last = history([Answer(outcome), *happened(flow, range(6))])[-1]
    if K.FAILED in flow:
        best = MessageStatus.FAILED
    elif {K.READ, K.CLICKED, K.REPLIED} & set(flow):
        best = MessageStatus.READ
    elif K.DELIVERED in flow:
        best = MessageStatus.DELIVERED
    elif K.SENT in flow or isinstance(outcome, Accepted):
        best = MessageStatus.SENT
    else:
        best = MessageStatus.UNKNOWN
    assert last.status == best
    assert last.lane is None


def test_a_sent_receipt_clears_up_a_lost_answer() -> None:
    """An unknown text becomes sent; its lane looks once more, and then lets it be."""
    unknown, sent, settled = history([Answer(LOST), receipt(K.SENT, NOW)])[1:]
    assert (unknown.status, sent.status) == ("unknown", "sent")
    assert (sent.lane, sent.next_at) == (unknown.lane, NOW + POLICY.look_up_after)
    assert (sent.reason, sent.sent_at, sent.provider_id) == ("", NOW, "p1")
    assert (settled.status, settled.lane, settled.next_at) == ("sent", None, None)


def test_a_sent_receipt_after_the_wait_wakes_no_lane() -> None:
    """A text that nobody waits for any more becomes sent, and nobody looks at it again."""
    settled = SENDING._replace(status="unknown", **SETTLED)
    sent = settled._replace(**changed(settled, receipt(K.SENT, NOW)))
    assert (sent.status, sent.lane, sent.next_at) == ("sent", None, None)


def test_what_a_person_did_is_noted_at_its_earliest() -> None:
    """Of several openings the first counts, whichever was told first."""
    first, second = receipt(K.READ, NOW + SECOND), receipt(K.READ, NOW + 9 * SECOND)
    for order in ((first, second), (second, first)):
        assert history(order)[-1].read_at == NOW + SECOND


@pytest.mark.parametrize("kind", [K.DELIVERED, K.READ, K.CLICKED, K.REPLIED])
def test_what_arrives_after_all_is_not_sent_again(kind: EventKind) -> None:
    """A text that was to be tried again has arrived: its next attempt is called off."""
    waiting = SENDING._replace(status="pending", lane=send_lane(3), reason="provider_30003")
    arrived = waiting._replace(**changed(waiting, receipt(kind, NOW)))
    assert arrived.status in {"delivered", "read"}
    assert (arrived.lane, arrived.next_at, arrived.reason) == (None, None, "")


@pytest.mark.parametrize("kind", [K.COMPLAINED, K.OPTED_OUT, K.SENT])
def test_what_is_no_arrival_calls_off_no_attempt(kind: EventKind) -> None:
    """A text that waits to be tried again goes on waiting, whatever else is told of it."""
    waiting = SENDING._replace(status="pending", lane=send_lane(3))
    assert "status" not in changed(waiting, receipt(kind, NOW))


def test_an_arrival_settles_what_had_ended_uncertainly() -> None:
    """A provider that did not know, and then says that it has arrived, is believed."""
    uncertain = receipt(K.UNCERTAIN, NOW)
    steps: list[Step] = [Answer(Accepted("p1")), uncertain, receipt(K.DELIVERED, NOW + SECOND)]
    last = history(steps)[-1]
    assert (last.status, last.ended_at, last.reason) == ("delivered", None, "")


def test_a_receipt_of_another_attempt_changes_nothing() -> None:
    """What is told of an earlier attempt is not this one's, whatever it is."""
    second = SENDING._replace(attempt=2)
    for kind in EventKind:
        assert changed(second, receipt(kind, NOW)) == {}
