"""A message's statuses: what the provider's answers and receipts make of it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.messages.attempts import (
    DeliveryPolicy,
    after_claim,
    after_look_up,
    after_send,
    after_unknown_wait,
    claimed,
    merge_late_answer,
)
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef, Retry
from functions.domain.messages.ids import lane_number, send_lane, watch_lane
from functions.domain.messages.message import FINAL, RANK, Changes, Message, MessageStatus
from functions.domain.messages.receipts import after_event
from functions.domain.messages.send_outcomes import (
    Accepted,
    Deferred,
    Rejected,
    SendOutcome,
    Unknown,
)
from tests.salted import contact_id, message_id

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
POLICY = DeliveryPolicy()
REF = MessageRef("acme", "c1", "m1")
PENDING = Message("m1", "+12025550123", "pending", send_lane(3), NOW)


def after(message: Message, changes: Changes) -> Message:
    """Return the message as it reads once the changes are stored."""
    return message._replace(**changes)


def sending(message: Message = PENDING) -> Message:
    """Return a message that is being handed to the provider."""
    return claimed(message, until=NOW + POLICY.send_lease)


def answered_by(outcome: SendOutcome, message: Message | None = None) -> Message:
    """Return what a message becomes when the provider has answered."""
    message = message or sending()
    return after(message, after_send(message, outcome, POLICY, watch=POLICY.look_up_after, now=NOW))


SENDING = sending()
SENT = answered_by(Accepted("call-1"))
UNKNOWN = answered_by(Unknown("provider_timeout"))
SETTLED = after(UNKNOWN, after_unknown_wait())


class Receipt(NamedTuple):
    """What a test says of a receipt."""

    kind: EventKind
    retry: Retry = Retry.NEVER
    reason: str = ""
    attempt: int = 1

    def event(self) -> DeliveryEvent:
        """Return the receipt as a channel reports it."""
        return DeliveryEvent(
            f"{self.kind}-{self.attempt}",
            REF,
            self.attempt,
            self.kind,
            NOW,
            "call-1",
            self.reason,
            self.retry,
        )


RINGING = Receipt(EventKind.RINGING)
ANSWERED = Receipt(EventKind.ANSWERED)
MACHINE = Receipt(EventKind.MACHINE)
COMPLETED = Receipt(EventKind.COMPLETED)
UNCERTAIN = Receipt(EventKind.UNCERTAIN, reason="provider_gone")
BUSY = Receipt(EventKind.FAILED, Retry.LATER, "busy")
ENDS = (
    COMPLETED,
    UNCERTAIN,
    BUSY,
    *(Receipt(EventKind.FAILED, retry, f"failed_{retry}") for retry in Retry),
)


def receive(message: Message, receipts: Iterable[Receipt]) -> Message:
    """Apply receipts one after the other."""
    for receipt in receipts:
        message = after(message, after_event(message, receipt.event(), POLICY, now=NOW))
    return message


def place(message: Message) -> tuple[object, ...]:
    """Return where a message has come to."""
    return message.status, message.lane, message.next_at, message.reason, message.counted_attempts


EARLY = (RINGING, ANSWERED, MACHINE)
before = st.lists(st.sampled_from(EARLY), max_size=3, unique=True)


@given(st.sampled_from([SENDING, SENT, UNKNOWN]), before, st.sampled_from(ENDS), st.data())
def test_receipts_in_any_order_and_number_end_alike(
    start: Message, receipts: list[Receipt], end: Receipt, data: st.DataObject
) -> None:
    """The receipts of an attempt lead to one end, however they are reordered and repeated."""
    in_order = [*sorted(receipts, key=EARLY.index), end]
    repeated = in_order + data.draw(st.lists(st.sampled_from(in_order), max_size=4))
    shuffled = data.draw(st.permutations(repeated))
    assert place(receive(start, shuffled)) == place(receive(start, in_order))


@given(
    st.sampled_from([SENDING, SENT, UNKNOWN]),
    st.lists(st.sampled_from([RINGING, ANSWERED, MACHINE])),
)
def test_without_an_end_a_message_stands_at_the_furthest_it_got(
    start: Message, receipts: list[Receipt]
) -> None:
    """Receipts before the end raise a message to the highest rank told, and never lower it."""
    told = {RINGING: RANK["delivered"], ANSWERED: RANK["answered"], MACHINE: 0}
    highest = max([RANK[start.status], *(told[receipt] for receipt in receipts)])
    assert RANK[receive(start, receipts).status] == highest


@pytest.mark.parametrize("status", sorted(FINAL))
@pytest.mark.parametrize("receipt", [*EARLY, *ENDS])
def test_final_statuses_absorb(status: MessageStatus, receipt: Receipt) -> None:
    """No receipt, whatever it says, moves a message that has come to its end."""
    ended = SENT._replace(status=status, lane=None, next_at=None)
    assert receive(ended, [receipt]) == ended


@pytest.mark.parametrize("receipt", [*EARLY, *ENDS])
def test_receipts_of_an_older_attempt_change_nothing(receipt: Receipt) -> None:
    """Once the next attempt is under way, the one before has nothing more to say."""
    second = sending(receive(SENT, [BUSY]))
    assert second.attempt == 2
    assert receive(second, [receipt]) == second


@pytest.mark.parametrize("receipt", [RINGING, ANSWERED, MACHINE, BUSY, UNCERTAIN])
def test_a_late_receipt_does_not_call_a_waiting_message_back(receipt: Receipt) -> None:
    """A message that waits for its next attempt goes on waiting, whatever trickles in."""
    waiting = receive(SENT, [BUSY])
    assert receive(waiting, [receipt]) == waiting


def test_a_person_who_was_reached_after_all_is_not_called_again() -> None:
    """A completed call ends a message even where an earlier receipt said that it had failed."""
    assert receive(SENT, [BUSY, COMPLETED]).status == "completed"


# --- Attempts ---------------------------------------------------------------------------------


def test_attempts_are_made_up_to_the_limit_with_growing_waits() -> None:
    """Three busy lines: called again after 5 and after 10 minutes, then failed for the reason."""
    message, waits = PENDING, []
    for attempt in (1, 2, 3):
        message = answered_by(Accepted("call-1"), sending(message))
        message = receive(message, [BUSY._replace(attempt=attempt)])
        waits.append(message.next_at and message.next_at - NOW)
    assert waits == [timedelta(minutes=5), timedelta(minutes=10), None]
    assert (message.status, message.reason, message.attempt) == ("failed", "busy", 3)


def test_some_failures_are_worth_one_more_attempt_only() -> None:
    """A cause of class `once` is tried again after a first attempt and fails after a second."""
    once = Receipt(EventKind.FAILED, Retry.ONCE, "network_error")
    second = sending(receive(SENT, [once]))
    assert receive(second, [once._replace(attempt=2)]).status == "failed"


@pytest.mark.parametrize("policy", [DeliveryPolicy(max_attempts=1)])
@pytest.mark.parametrize("retry", [Retry.LATER, Retry.ONCE])
def test_one_attempt_means_one(policy: DeliveryPolicy, retry: Retry) -> None:
    """Where a single attempt is allowed, no failure brings a second."""
    event = Receipt(EventKind.FAILED, retry, "busy").event()
    assert after_event(SENT, event, policy, now=NOW)["status"] == "failed"


@given(st.lists(st.sampled_from(["deferred", "busy"]), max_size=30))
def test_deferrals_do_not_count_as_attempts(story: list[str]) -> None:
    """However often the provider was too busy, the person gets every attempt that was promised."""
    message, busy = PENDING, 0
    for what in story:
        if message.status != "pending":
            break
        message = sending(message)
        if what == "deferred":
            message = answered_by(Deferred("provider_429"), message)
        else:
            busy += 1
            message = receive(message, [BUSY._replace(attempt=message.attempt)])
    assert message.counted_attempts == busy
    assert (message.status == "failed") == (busy == POLICY.max_attempts)


def test_what_never_left_us_is_put_back_as_often_as_it_takes() -> None:
    """A turn that we missed is no refusal: it costs no attempt, no patience and no wait."""
    message = PENDING
    for _ in range(2 * POLICY.max_deferrals):
        message = answered_by(Deferred("turn_missed", ours=True), sending(message))
        assert (message.status, message.next_at) == ("pending", NOW)
    assert (message.counted_attempts, message.deferrals) == (0, 0)


def test_a_provider_that_is_always_too_busy_is_given_up() -> None:
    """After very many deferrals a message fails, and says why."""
    message, count = PENDING, 0
    while message.status == "pending":
        message = answered_by(Deferred("provider_429"), sending(message))
        count += 1
    assert (message.status, message.reason) == ("failed", "provider_429")
    assert count == POLICY.max_deferrals + 1


def test_a_deferral_waits_as_long_as_the_provider_says() -> None:
    """A time to come back is kept to; without one the wait doubles each time, up to a bound."""
    told = answered_by(Deferred("provider_429", timedelta(seconds=7)))
    assert told.next_at == NOW + timedelta(seconds=7)
    message, waits = PENDING, []
    for _ in range(7):
        message = answered_by(Deferred("provider_429"), sending(message))
        waits.append((message.next_at or NOW) - NOW)
    assert [wait.total_seconds() for wait in waits] == [30, 60, 120, 240, 480, 900, 900]


# --- Sending ----------------------------------------------------------------------------------


def test_a_claimed_message_is_sending() -> None:
    """A claimed message is `sending`, one attempt further, and lost where no result comes."""
    assert (SENDING.status, SENDING.attempt, SENDING.lane) == ("sending", 1, watch_lane(3))
    assert SENDING.next_at == NOW + POLICY.send_lease


def test_a_new_attempt_forgets_the_call_of_the_last_one() -> None:
    """The second attempt does not carry the first one's call, which look-ups would ask about."""
    second = sending(receive(answered_by(Accepted("call-1")), [BUSY]))
    assert (second.provider_id, second.sent_at) == ("", None)


@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [
        (Accepted("call-1"), "sent", ""),
        (Deferred("provider_429"), "pending", "provider_429"),
        (Rejected("invalid_address"), "failed", "invalid_address"),
        (Rejected("no_credit", Retry.STOP), "pending", "no_credit"),
        (Unknown("provider_timeout"), "unknown", "provider_timeout"),
    ],
)
def test_the_providers_answer_decides(outcome: SendOutcome, status: str, reason: str) -> None:
    """Each kind of answer leads to its status, and what was not sent says why."""
    message = answered_by(outcome)
    assert (message.status, message.reason) == (status, reason)


def test_a_refused_send_is_tried_again_sooner_than_a_person() -> None:
    """Three refusals that may pass: again after 30 seconds, after a minute, then failed."""
    message, waits = PENDING, []
    for _ in range(3):
        message = answered_by(Rejected("provider_rejected", Retry.LATER), sending(message))
        waits.append(message.next_at and message.next_at - NOW)
    assert waits == [timedelta(seconds=30), timedelta(seconds=60), None]
    assert (message.status, message.reason) == ("failed", "provider_rejected")


def test_only_live_channels_are_watched_after_sending() -> None:
    """A call is watched until it ends; what holds nothing at the provider is settled at once."""
    quiet = after_send(SENDING, Accepted("sms-1"), POLICY, watch=None, now=NOW)
    assert (SENT.lane, quiet["lane"]) == (watch_lane(3), None)


@pytest.mark.parametrize(("idempotent", "status"), [(False, "unknown"), (True, "pending")])
def test_a_lost_sender_leaves_the_outcome_unknown(idempotent: bool, status: str) -> None:
    """What a dead sender left is repeated only where repeating is harmless."""
    changes = after_claim(SENDING, POLICY, idempotent=idempotent, now=NOW)
    assert (changes["status"], changes["reason"]) == (status, "sender_lost")


# --- Unknown ----------------------------------------------------------------------------------


def test_an_unknown_outcome_is_never_pending_again_by_itself() -> None:
    """When the wait for a receipt is over, the message stays unknown and nobody looks after it."""
    assert (SETTLED.status, SETTLED.lane, SETTLED.next_at) == ("unknown", None, None)


@pytest.mark.parametrize(
    ("receipt", "status"), [(COMPLETED, "completed"), (BUSY, "failed"), (UNCERTAIN, "unknown")]
)
def test_a_late_receipt_still_tells_the_end_of_a_settled_message(
    receipt: Receipt, status: str
) -> None:
    """A settled message learns its end, but is not tried again: its campaign may be over."""
    message = receive(SETTLED, [receipt])
    assert (message.status, message.lane) == (status, None)


@pytest.mark.parametrize("order", list(permutations([RINGING, ANSWERED, UNCERTAIN])))
def test_an_uncertain_end_is_an_end(order: tuple[Receipt, ...]) -> None:
    """A call whose end nobody knows stays unknown; a late ringing does not revive it."""
    message = receive(SENT, order)
    assert (message.status, message.lane, message.reason) == ("unknown", None, "provider_gone")


# --- Answers that receipts have overtaken, and look-ups ---------------------------------------


def test_a_late_answer_adds_the_call_to_what_receipts_have_told() -> None:
    """The provider's answer completes a message that a receipt has moved, and lowers nothing."""
    ringing = SENDING._replace(status="delivered")
    changes = merge_late_answer(ringing, 1, Accepted("call-1"), NOW)
    assert changes == {"provider_id": "call-1", "sent_at": NOW}


def test_a_late_answer_says_when_what_has_failed_was_sent() -> None:
    """The receipt has named the text already; that and when it was sent, the answer tells."""
    failed = receive(SENDING, [Receipt(EventKind.FAILED, reason="undelivered")])
    assert (failed.status, failed.provider_id) == ("failed", "call-1")
    assert merge_late_answer(failed, 1, Accepted("call-1"), NOW) == {"sent_at": NOW}


@pytest.mark.parametrize(
    ("attempt", "outcome"), [(2, Accepted("call-1")), (1, Deferred("provider_429"))]
)
def test_a_late_answer_of_another_attempt_or_kind_adds_nothing(
    attempt: int, outcome: SendOutcome
) -> None:
    """Only the acceptance of the current attempt is still of use."""
    ringing = SENDING._replace(status="delivered")
    assert merge_late_answer(ringing, attempt, outcome, NOW) == {}


def test_a_call_without_an_end_is_given_up_after_the_longest_call() -> None:
    """A look-up that finds nothing is repeated until no call could last so long."""
    patient = after_look_up(SENT, POLICY, now=NOW + POLICY.longest_call)
    assert patient == {"next_at": NOW + POLICY.longest_call + POLICY.look_up_after}
    over = after_look_up(SENT, POLICY, now=NOW + POLICY.longest_call + POLICY.look_up_after)
    assert (over["status"], over["reason"], over["lane"]) == ("unknown", "no_receipt", None)


def test_a_call_whose_answer_was_lost_is_given_up_as_well() -> None:
    """A call known by its ringing only is not watched for ever."""
    ringing = receive(UNKNOWN, [RINGING])
    later = NOW + POLICY.longest_call + POLICY.look_up_after
    assert after_look_up(ringing, POLICY, now=later)["status"] == "unknown"


# --- Names ------------------------------------------------------------------------------------


def test_a_message_is_named_after_its_promise() -> None:
    """The same promise has the same id, and any other promise another one."""
    ids = [
        message_id("c1", "+12025550123"),
        message_id("c1", "+12025550124"),
        message_id("c2", "+12025550123"),
        message_id("c1", "+12025550123", send="fallback-1"),
        message_id("c1", "+12025550123", visit=1),
    ]
    assert len(set(ids)) == len(ids)
    assert ids[0] == message_id("c1", "+12025550123")


@given(st.lists(st.text(min_size=1), unique=True))
def test_ids_follow_the_order_of_the_audience(subjects: list[str]) -> None:
    """In each of sixteen ranges the messages are in the order in which people are read."""
    ordered = [message_id("c1", subject) for subject in sorted(subjects, key=contact_id)]
    for digit in "0123456789abcdef":
        part = [id_ for id_ in ordered if id_.startswith(digit)]
        assert part == sorted(part)


@given(st.text(min_size=1), st.integers(1, 100))
def test_every_message_has_one_of_the_lanes(subject: str, lanes: int) -> None:
    """A message's lane follows from its id."""
    assert 0 <= lane_number(message_id("c1", subject), lanes) < lanes
