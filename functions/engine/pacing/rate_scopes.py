"""Rate scopes: the rates that a send keeps to, and the stored state of each.

A campaign or an account without a rate has no scope. A sender always has one: its provider may
ask us to slow down.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.rules_in_force import RulesInForce
from functions.domain.campaigns.send import Send
from functions.domain.sending_rules import rate_limit
from functions.domain.sending_rules.rate_limit import PACE, Slowdown, spacing
from functions.domain.sending_rules.warm_up import Ramp, ramp_from
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Create, Document, Update, Write

#: What is faster than that is as good as without a rate.
_NO_RATE: Final = 1_000_000.0
#: What a sender without a rate is slowed down from, messages a second.
_WHEN_SLOWED: Final = 50.0


class Scope(NamedTuple):
    """What has a rate, or a number of messages a day."""

    path: str
    rate_per_s: float | None
    by_weight: bool = True
    ramp: Ramp | None = None  #: of a sender that is being warmed up


def of(engine: Engine, campaign: Campaign, send: Send) -> list[Scope]:
    """Return the scopes of a send's messages: its account, its sender, and its campaign."""
    of_sender = sender(engine, campaign.org, send, campaign.rules)
    found = (_account(engine, send), of_sender, _own(campaign, send, of_sender.rate_per_s))
    return [scope for scope in found if scope is not None]


def slowest(engine: Engine, campaign: Campaign, send: Send) -> float | None:
    """Return the lowest rate that a send keeps to, None without any."""
    rates = [scope.rate_per_s for scope in of(engine, campaign, send)]
    return min((rate for rate in rates if rate is not None), default=None)


def sender(engine: Engine, org: str, send: Send, rules: RulesInForce) -> Scope:
    """Return the scope of all that an organisation sends from one sender by one provider."""
    rates = (engine.rate_of(send.provider), rules.sender_rates.get(send.channel))
    rate = min((rate for rate in rates if rate is not None), default=None)
    # What stands for a sender may hold a slash.
    path = paths.throttle(org, f"sender-{send.provider}-{quote(send.sender, safe='+@')}")
    return Scope(path, rate, ramp=ramp_from(rules.warm_up.get(send.channel)))


def _account(engine: Engine, send: Send) -> Scope | None:
    """Return the scope of all requests to a provider, whose account every organisation shares."""
    rate = engine.traits(send).account_rate_per_s
    if rate is None:
        return None
    return Scope(paths.account_throttle(send.provider), rate, by_weight=False)


def _own(campaign: Campaign, send: Send, of_sender: float | None) -> Scope | None:
    """Return the campaign's own scope, where its sender does not hold it back as much anyway."""
    rate = send.rate_per_s
    if rate is None or (of_sender is not None and of_sender <= rate):
        return None
    return Scope(paths.throttle(campaign.org, f"campaign-{campaign.id}-{send.channel}"), rate)


class State(NamedTuple):
    """A scope, and what the store keeps of it."""

    scope: Scope
    document: Document | None

    def as_of(self, now: datetime) -> rate_limit.Scope:
        """Return the scope as it stands: slowed down, it has fewer turns."""
        share = self.slowdown.share_at(now)
        rate = self.scope.rate_per_s or (_WHEN_SLOWED if share < 1 else _NO_RATE)
        spaced = spacing(rate * PACE * share)
        return rate_limit.Scope(spaced, self._get("free_at"), self.scope.by_weight)

    def holds_back(self, now: datetime) -> bool:
        """Tell whether there may be no room in the scope at once."""
        scope, free_at = self.scope, self._get("free_at")
        limited = scope.rate_per_s is not None or scope.ramp is not None
        return limited or self.slowdown.share_at(now) < 1 or (free_at is not None and free_at > now)

    def rate_at(self, now: datetime) -> float | None:
        """Return how many messages a second it allows now; None: any number."""
        share = self.slowdown.share_at(now)
        rate = self.scope.rate_per_s or (_WHEN_SLOWED if share < 1 else None)
        return None if rate is None else rate * share

    def held_until(self, now: datetime, *, reserved: timedelta) -> datetime | None:
        """Return when its provider may be asked again, where it has told us to wait.

        What processes may have `reserved` ahead is no such wait.
        """
        free_at: datetime | None = self._get("free_at")
        return free_at if free_at is not None and free_at - now > reserved else None

    @property
    def slowdown(self) -> Slowdown:
        """How the scope was slowed down."""
        return Slowdown(self._get("slowed_to") or 1.0, self._get("slowed_at"))

    def left_today(self, now: datetime) -> int | None:
        """Return how many messages the day still allows; None where it allows any number."""
        if self.scope.ramp is None:
            return None
        day = self.day(now)
        return max(0, self.scope.ramp.allowance(date.fromisoformat(day)) - self._sent_on(day))

    def charged(self, free_at: datetime, messages: int, now: datetime) -> dict[str, Any]:
        """Return what changes where its time up to `free_at` is reserved, for `messages` more."""
        fields: dict[str, Any] = {"free_at": free_at}
        if self.scope.ramp is not None:
            day = self.day(now)
            fields |= {"day": day, "day_total": self._sent_on(day) + messages}
        return fields

    def slowed(self, slowdown: Slowdown, free_at: datetime) -> Write:
        """Return the write after the provider has asked us to slow down."""
        fields = {"free_at": free_at, "slowed_to": slowdown.share, "slowed_at": slowdown.at}
        return self.write(fields)

    def write(self, fields: dict[str, Any]) -> Write:
        """Return the write of some fields, on what was read."""
        if self.document is None:
            return Create(self.scope.path, fields)
        return Update(self.scope.path, fields, self.document.version)

    def day(self, now: datetime) -> str:
        """Return the day that messages are counted on."""
        # Where another process's clock is ahead of ours, its day has begun for everybody.
        return max(now.astimezone(UTC).date().isoformat(), self._get("day") or "")

    def _sent_on(self, day: str) -> int:
        return self._get("day_total") if self._get("day") == day else 0

    def _get(self, name: str) -> Any:
        return self.document.data.get(name) if self.document else None


def states(found: Sequence[Scope], documents: Sequence[Document | None]) -> list[State]:
    """Return scopes with what was read of each."""
    return [State(scope, document) for scope, document in zip(found, documents, strict=True)]
