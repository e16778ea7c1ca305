"""Suppressions: whom we must not contact, with what, why and until when."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import CampaignKind, ChannelKind, campaign_facts, facts_of

#: Every campaign to many; or one channel, or one kind of campaign. A single message, which
#: somebody sends to one person on purpose, is never held back, so `single` is no scope.
ALL: Final = "all"
SCOPES: Final = (
    ALL,
    *(kind for kind in ChannelKind if not facts_of(kind).is_program),
    *(kind for kind in CampaignKind if campaign_facts(kind).keeps_rules),
)
#: The reason of a bar that the person has asked for, and lifts by asking to hear from us again.
OPTED_OUT: Final = "opted_out"


@dataclass(frozen=True, slots=True)
class Bar:
    """Why an address is not contacted under one scope."""

    reason: str
    at: datetime
    until: datetime | None  #: from then on it may be contacted again; None: never
    by: str

    def holds(self, now: datetime) -> bool:
        """Tell whether it has not expired."""
        return self.until is None or self.until > now

    @property
    def ends_walks(self) -> bool:
        """True where it takes people out of plans: one that ends by itself does not.

        Of a mail that comes back the plan says what follows.
        """
        return self.until is None and self.reason != "bounced"

    def outlasts(self, other: "Bar") -> bool:
        """Tell whether it expires no earlier than another."""
        return self.until is None or (other.until is not None and self.until >= other.until)


@dataclass(frozen=True, slots=True)
class Suppression:
    """All that bars one address, as stored under orgs/{org}/suppressions/{id}."""

    id: str  #: the same as the contact's who is known by the address
    address: str  #: E.164, or an e-mail address in lower case
    at: datetime  #: when something was last added
    scopes: Mapping[str, Bar]

    def bars(self, scopes: Collection[str], *, now: datetime) -> bool:
        """Tell whether one of the scopes is barred."""
        return any(bar.holds(now) for scope, bar in self.scopes.items() if scope in scopes)

    def keeps_out(self, scopes: Collection[str]) -> bool:
        """Tell whether one of the scopes is barred so that nobody enters a plan by it."""
        return any(bar.ends_walks for scope, bar in self.scopes.items() if scope in scopes)


def suppression_from(id_: str, data: Mapping[str, Any]) -> Suppression:
    """Rebuild a suppression from its stored fields."""
    scopes = {scope: Bar(**bar) for scope, bar in data["scopes"].items()}
    return Suppression(id_, data["address"], data["at"], scopes)


def suppression_fields(suppression: Suppression) -> dict[str, Any]:
    """Return what is stored of a suppression; its id is its path."""
    return {name: each for name, each in asdict(suppression).items() if name != "id"}


def check(scope: str, until: datetime | None, *, now: datetime) -> None:
    """Refuse a scope that is none and an end that does not lie ahead. Raises InvalidFieldError."""
    if scope not in SCOPES:
        raise InvalidFieldError("scope", f"scope: must be one of {', '.join(SCOPES)}")
    if until is not None and until <= now:
        raise InvalidFieldError("until", "until: must be in the future")


def barred(known: Suppression, scope: str, bar: Bar, *, now: datetime) -> Suppression | None:
    """Return a suppression with a further bar; None where the bar adds nothing.

    A bar that holds is never shortened by another, only lifted; the first reason is kept.
    """
    before = known.scopes.get(scope)
    if before is not None and before.holds(now):
        if before.outlasts(bar):
            return None
        bar = replace(before, until=bar.until)
    return replace(known, at=now, scopes={**known.scopes, scope: bar})


def said_again(known: Suppression, scope: str, bar: Bar) -> Suppression | None:
    """Return a suppression that the person has asked for once more, later; None where not so.

    Their wish to hear from us again must be later than the last time.
    """
    before = known.scopes[scope]
    asked = before.reason == bar.reason == OPTED_OUT
    if not asked or bar.at <= before.at:
        return None
    return replace(known, scopes={**known.scopes, scope: replace(before, at=bar.at)})


def lifted(known: Suppression, scope: str) -> Suppression | None:
    """Return a suppression without a scope; None where nothing is left."""
    kept = {each: bar for each, bar in known.scopes.items() if each != scope}
    return replace(known, scopes=kept) if kept else None


def opted_in(known: Suppression, at: datetime) -> Suppression | None:
    """Return what is left of a suppression by somebody's wish to hear from us again, made then.

    That lifts what they had asked for before; None where nothing is left.
    """
    kept = {
        scope: bar for scope, bar in known.scopes.items() if bar.reason != OPTED_OUT or bar.at > at
    }
    return replace(known, scopes=kept) if kept else None
