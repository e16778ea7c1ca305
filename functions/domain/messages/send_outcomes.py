"""What handing a message to a provider can come to."""

from datetime import timedelta
from typing import NamedTuple, TypeAlias

from functions.domain.messages.delivery_events import Retry


class Accepted(NamedTuple):
    """The provider has taken the message; receipts will follow."""

    provider_id: str
    other: str = ""  #: another number by which the provider knows the person, "" for none
    log: str = ""  #: what is kept of what the provider answered


class Deferred(NamedTuple):
    """The provider refused for now, nobody was reached: try later, not counted as an attempt."""

    reason: str
    retry_after: timedelta | None = None
    throttled: bool = False  #: because we send too fast: slow down
    ours: bool = False  #: it never left us, and is no refusal


class Rejected(NamedTuple):
    """The provider refused, nobody was reached; `retry` says what that allows."""

    reason: str
    retry: Retry = Retry.NEVER
    suppress: str = ""  #: why the address must not be contacted any more, "" if it may
    log: str = ""  #: what is kept of what went wrong


class Unknown(NamedTuple):
    """The answer was lost: the person may have been reached."""

    reason: str


SendOutcome: TypeAlias = Accepted | Deferred | Rejected | Unknown
