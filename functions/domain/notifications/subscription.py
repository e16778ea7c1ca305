"""A subscription, and how its secret is changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, Final

from functions.domain.messages.message import Changes

#: For how long a secret that was replaced still signs.
OVERLAP: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A URL that hears of events, as stored under orgs/{org}/subscriptions/{id}."""

    id: str
    org: str
    url: str
    events: Sequence[str]  #: EventTypes
    description: str = ""
    active: bool = True
    reason: str | None = None  #: why it was switched off by us
    secret: str = field(repr=False)  #: "whsec_" and a key in base64
    old_secret: str = field(default="", repr=False)  #: signs beside it until old_secret_until
    old_secret_until: datetime | None = None
    epoch: int = 1  #: grows with every change
    created_at: datetime
    created_by: str
    updated_at: datetime | None = None

    def secrets(self, *, now: datetime) -> list[str]:
        """Return the secrets that sign now, the newest first."""
        overlaps = self.old_secret_until is not None and now < self.old_secret_until
        return [self.secret, self.old_secret] if overlaps else [self.secret]


_NAMES = frozenset(f.name for f in fields(Subscription)) - {"id", "org"}


def subscription_from(org: str, id_: str, data: Mapping[str, Any]) -> Subscription:
    """Rebuild a subscription from its stored fields."""
    return Subscription(org=org, id=id_, **data)


def subscription_fields(subscription: Subscription) -> dict[str, Any]:
    """Return what is stored of a subscription; its id and org are its path."""
    return {name: getattr(subscription, name) for name in _NAMES}


def rotation(subscription: Subscription, secret: str, *, now: datetime) -> Changes:
    """Return what a new secret changes. One that was replaced before signs no more."""
    return {
        "secret": secret,
        "old_secret": subscription.secret,
        "old_secret_until": now + OVERLAP,
    }
