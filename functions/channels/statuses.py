"""What the ending of a call or a text means for its message, in words that carriers share."""

from typing import Final, NamedTuple

from functions.domain.messages.delivery_events import EventKind, Retry


class Cause(NamedTuple):
    """One row of a channel's table from its words to ours."""

    kind: EventKind
    retry: Retry = Retry.NEVER
    reason: str = ""
    suppress: str = ""  #: why the address is barred from then on, "" if it is not


RINGING: Final = Cause(EventKind.RINGING)
PICKED_UP: Final = Cause(EventKind.ANSWERED)
MACHINE_HEARD: Final = Cause(EventKind.MACHINE, reason="machine")
COMPLETED: Final = Cause(EventKind.COMPLETED)
BUSY: Final = Cause(EventKind.FAILED, Retry.LATER, "busy")
NO_ANSWER: Final = Cause(EventKind.FAILED, Retry.LATER, "no_answer")
MACHINE_DROPPED: Final = Cause(EventKind.FAILED, reason="machine")
SENT: Final = Cause(EventKind.SENT)
DELIVERED: Final = Cause(EventKind.DELIVERED)
READ: Final = Cause(EventKind.READ)
#: For good: a carrier has itself tried for days before it says so.
UNDELIVERED: Final = Cause(EventKind.FAILED, reason="undelivered")
INVALID_ADDRESS: Final = Cause(EventKind.FAILED, reason="invalid_address")
OPTED_OUT: Final = Cause(EventKind.FAILED, reason="opted_out", suppress="opted_out")

_HTTP: Final = 1000  #: below are the statuses of HTTP, which have reasons of their own


def code_reason(code: int) -> str:
    """Return the reason for an error that a provider tells as a number of its own."""
    return f"provider_{code}" if code >= _HTTP else f"provider_error_{code}"


def failed(retry: Retry, *codes: int) -> dict[int, Cause]:
    """Return the rows of codes that say no more than their number."""
    return {code: Cause(EventKind.FAILED, retry, code_reason(code)) for code in codes}
