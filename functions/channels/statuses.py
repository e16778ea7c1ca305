"""What a provider's word for a message means: ProviderStatus, and the ones that providers share."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from functions.channels.callback_urls import Callback
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Retry


class ProviderStatus(NamedTuple):
    """The meaning of a provider's status or error code: one row of an adapter's table."""

    kind: EventKind
    retry: Retry = Retry.NEVER
    reason: str = ""
    suppress: str = ""  #: why the address is barred from then on, "" if it is not

    def event(
        self, id_: str, callback: Callback, provider_id: str, at: datetime, *, duration_s: int = 0
    ) -> DeliveryEvent:
        """Return the delivery event of an attempt that has this status."""
        return DeliveryEvent(
            id=id_,
            ref=callback.ref,
            attempt=callback.attempt,
            kind=self.kind,
            at=at,
            provider_id=provider_id,
            reason=self.reason,
            retry=self.retry,
            duration_s=duration_s,
            suppress=self.suppress,
        )


RINGING: Final = ProviderStatus(EventKind.RINGING)
PICKED_UP: Final = ProviderStatus(EventKind.ANSWERED)
MACHINE_HEARD: Final = ProviderStatus(EventKind.MACHINE, reason="machine")
BOT_LOST: Final = ProviderStatus(EventKind.BOT_LOST)
COMPLETED: Final = ProviderStatus(EventKind.COMPLETED)
BUSY: Final = ProviderStatus(EventKind.FAILED, Retry.LATER, "busy")
NO_ANSWER: Final = ProviderStatus(EventKind.FAILED, Retry.LATER, "no_answer")
MACHINE_DROPPED: Final = ProviderStatus(EventKind.FAILED, reason="machine")
SENT: Final = ProviderStatus(EventKind.SENT)
DELIVERED: Final = ProviderStatus(EventKind.DELIVERED)
READ: Final = ProviderStatus(EventKind.READ)
#: For good: a carrier has itself tried for days before it says so.
UNDELIVERED: Final = ProviderStatus(EventKind.FAILED, reason="undelivered")
INVALID_ADDRESS: Final = ProviderStatus(EventKind.FAILED, reason="invalid_address")
OPTED_OUT: Final = ProviderStatus(EventKind.FAILED, reason="opted_out", suppress="opted_out")

_HTTP: Final = 1000  #: below are the statuses of HTTP, which have reasons of their own


def code_reason(code: int) -> str:
    """Return the reason for an error that a provider tells as a number of its own."""
    return f"provider_{code}" if code >= _HTTP else f"provider_error_{code}"


#: How every provider calls what goes well with a text.
WELL: Final[Mapping[str, ProviderStatus]] = {"sent": SENT, "delivered": DELIVERED, "read": READ}


def error_status(errors: Mapping[int, ProviderStatus], code: int | None) -> ProviderStatus:
    """Return what an error means by a provider's table; one that is not in it is final.

    Without a code it is only known that it failed.
    """
    if code is None:
        return UNDELIVERED
    return errors.get(code) or ProviderStatus(EventKind.FAILED, reason=code_reason(code))


def failed(retry: Retry, *codes: int) -> dict[int, ProviderStatus]:
    """Return the rows of codes that say no more than their number."""
    return {code: ProviderStatus(EventKind.FAILED, retry, code_reason(code)) for code in codes}
