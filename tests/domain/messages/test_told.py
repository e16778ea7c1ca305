"""What a message remembers of what was told of it, and what forgotten receipts do."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Retry
from functions.domain.messages.message import Message
from functions.domain.messages.receipts import after_event
from functions.domain.messages.told import REMEMBERED, entry, told, with_told, without
from tests.domain.messages.test_receipts import NOW, PENDING, POLICY, REF, SECOND, SENDING

K = EventKind


def event(number: int, kind: EventKind = K.READ, suppress: str = "") -> DeliveryEvent:
    """Return a receipt of the first attempt."""
    at = NOW + number * SECOND
    return DeliveryEvent(f"e{number}", REF, 1, kind, at, suppress=suppress)


def after(message: Message, *events: DeliveryEvent) -> Message:
    """Return a message that remembers these receipts."""
    for each in events:
        message = message._replace(told=with_told(message, entry(each)))
    return message


def test_the_last_receipts_are_remembered_each_once() -> None:
    """The oldest is forgotten first; one that is told again is remembered once, as the newest."""
    message = after(PENDING, *map(event, range(REMEMBERED)), event(0), event(REMEMBERED))
    assert [each["id"] for each in message.told] == [*(f"e{n}" for n in range(2, 8)), "e0", "e8"]
    assert told(message, "e1") is None
    assert told(message, "e2") == {"id": "e2", "kind": K.READ, "attempt": 1, "at": event(2).at}
    assert [each["id"] for each in without(message, "e0")][-1] == "e8"


def test_what_barred_an_address_is_forgotten_last() -> None:
    """Told again, it is known, however much has been told since: what was freed stays free."""
    barring = event(0, K.COMPLAINED, "complained")
    message = after(PENDING, barring, *map(event, range(1, 50)))
    assert told(message, "e0") is not None
    assert len(message.told) == REMEMBERED
    many = [replace(barring, id=f"b{n}") for n in range(20)]
    assert len(after(message, *many).told) == REMEMBERED


def test_only_what_was_told_is_remembered() -> None:
    """A reason, a link and that it was a program are kept where there are such."""
    kept = entry(replace(event(1, K.CLICKED), link="l", machine=True))
    assert (kept["link"], kept["machine"], "reason" in kept) == ("l", True, False)
    assert entry(replace(event(1, K.FAILED), reason="busy"))["reason"] == "busy"


@given(
    st.lists(
        st.builds(
            DeliveryEvent,
            id=st.just("e"),
            ref=st.just(REF),
            attempt=st.sampled_from([1, 2]),
            kind=st.sampled_from(list(K)),
            at=st.integers(-30, 3600).map(lambda s: NOW + s * SECOND),
            reason=st.just("why"),
            retry=st.sampled_from(list(Retry)),
        ),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from([PENDING, SENDING]),
    st.data(),
)
def test_a_receipt_that_was_forgotten_and_comes_again_changes_nothing(
    events: list[DeliveryEvent], message: Message, data: st.DataObject
) -> None:
    """Of any attempt and any kind, after whatever came since: nobody is tried once more for it."""
    known = list[DeliveryEvent]()
    for each in events:
        message = message._replace(**after_event(message, each, POLICY, now=NOW))
        known += [each] if each.attempt <= message.attempt else []  # else we never called so often
    assume(known)
    again = data.draw(st.sampled_from(known))
    later = NOW + timedelta(minutes=10)
    changes = after_event(message, again, POLICY, now=later)
    assert message._replace(**changes) == message
