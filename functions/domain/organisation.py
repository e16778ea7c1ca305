"""What an organisation has decided for all of its campaigns, and the rules of each field."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from functions.domain.contacts import opt_out_keywords
from functions.domain.contacts.addresses import check_name, check_sender
from functions.domain.contacts.emails import read_email
from functions.domain.contacts.phones import check_country
from functions.domain.contacts.sender_lists import read_entries
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import ChannelKind
from functions.domain.sending_rules import country_rules
from functions.domain.sending_rules import frequency_caps as caps
from functions.domain.sending_rules.warm_up import check_ramp
from functions.domain.times import NO_ZONES, check_time_of_day, check_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """An organisation's settings, as stored; what it leaves open the deployment decides."""

    name: str = ""  #: what people who unsubscribe know it by
    unsubscribe_email: str = ""  #: where mails that ask to unsubscribe go (RFC 2369)
    senders: Mapping[str, str] = field(default_factory=dict)  #: by channel, seen by people
    allowed_senders: Sequence[str] | None = None  #: see sender_lists.py; None: all it may have
    default_zone: str = ""  #: IANA, for people whose zone nobody knows
    quiet_hours: Mapping[str, str] | None = None  #: {"start", "end"}, each HH:MM, people's own time
    rates: Mapping[str, float] = field(default_factory=dict)  #: by channel, messages a second
    polling_schedule_s: Sequence[int] | None = None  #: seconds after a campaign's end
    country_rules: Mapping[str, Any] = field(default_factory=dict)  #: see country_rules.py
    frequency_caps: Sequence[Mapping[str, Any]] = field(default_factory=list)  #: frequency_caps.py
    warm_up: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  #: see warm_up.py
    opt_out_words: Mapping[str, Sequence[str]] = field(default_factory=dict)  #: by language,
    opt_in_words: Mapping[str, Sequence[str]] = field(
        default_factory=dict
    )  #: beside the usual ones
    default_country: str = ""  #: ISO 3166, where numbers of files that have no plus are dialled
    revision: int = 0  #: grows with each change; 0 where nothing was ever decided
    updated_at: datetime | None = None
    updated_by: str = ""


#: What people decide, in the order in which it is shown.
DECIDED: Final[tuple[str, ...]] = (
    "name",
    "unsubscribe_email",
    "senders",
    "allowed_senders",
    "default_zone",
    "quiet_hours",
    "rates",
    "polling_schedule_s",
    "country_rules",
    "frequency_caps",
    "warm_up",
    "opt_out_words",
    "opt_in_words",
    "default_country",
)

#: Messages a second: one in a hundred seconds at least.
SLOWEST: Final = 0.01
_NAMES: Final = frozenset(f.name for f in fields(Organisation))
_BY_PART: Final = ("senders", "rates", "warm_up", "opt_out_words", "opt_in_words")
_POLLS: Final = 20
_LONGEST_POLL_S: Final = 7 * 24 * 3600


def organisation_from(data: Mapping[str, Any]) -> Organisation:
    """Rebuild an organisation's settings from what is stored."""
    return Organisation(**{name: value for name, value in data.items() if name in _NAMES})


def organisation_fields(organisation: Organisation) -> dict[str, Any]:
    """Return what is stored of an organisation's settings."""
    return asdict(organisation)


def changed(
    before: Organisation,
    changes: Mapping[str, Any],
    limits: Mapping[str, float | None],
    *,
    by: str,
    now: datetime,
    whole: bool = False,
) -> tuple[Organisation, list[str]]:
    """Return the settings with `changes`, and the names of the fields that differ by them.

    Of what is decided by channel, country or language what is named changes, and None takes it
    away; with `whole`, what is not named goes too. `limits` are the deployment's own rates. Raises
    InvalidFieldError where a value breaks the rule of its field.
    """
    base = Organisation() if whole else before
    after = replace(before, **{name: _merged(base, name, changes[name]) for name in changes})
    after = replace(
        after,
        name=check_name(after.name.strip(), field="name"),
        unsubscribe_email=after.unsubscribe_email
        and read_email(after.unsubscribe_email, field="unsubscribe_email"),
        senders=_senders(after.senders),
        allowed_senders=_allowed(after.allowed_senders),
        default_country=check_country("default_country", after.default_country),
    )
    _check(after, limits)
    after = replace(
        after,
        opt_out_words=opt_out_keywords.tidied(after.opt_out_words),
        opt_in_words=opt_out_keywords.tidied(after.opt_in_words),
    )
    names = [name for name in DECIDED if getattr(before, name) != getattr(after, name)]
    revision = before.revision + bool(names)
    stamped = replace(after, revision=revision, updated_at=now, updated_by=by)
    return (stamped if names else before), names


def differences(
    before: Organisation, after: Organisation, names: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Return by field what it was and what it is; of maps only the parts that differ."""
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in names)
    return {name: _difference(was, is_) for name, was, is_ in pairs}


def _difference(was: Any, is_: Any) -> dict[str, Any]:
    if not (isinstance(was, Mapping) and isinstance(is_, Mapping)):
        return {"from": was, "to": is_}
    parts = [part for part in {**was, **is_} if was.get(part) != is_.get(part)]
    return {
        "from": {part: was[part] for part in parts if part in was},
        "to": {part: is_[part] for part in parts if part in is_},
    }


def _merged(before: Organisation, name: str, value: Any) -> Any:
    if name == "country_rules":
        return {} if value is None else country_rules.merged(before.country_rules, value)
    if name == "frequency_caps":
        return [{"channels": None, **cap} for cap in value or ()]
    if name not in _BY_PART:
        return value
    merged = {**getattr(before, name), **(value or {})} if value is not None else {}
    return {part: each for part, each in merged.items() if each is not None}


def _senders(senders: Mapping[str, str]) -> dict[str, str]:
    return {
        channel: check_sender(ChannelKind(channel), text, field=f"senders.{channel}")
        for channel, text in senders.items()
    }


def _allowed(entries: Sequence[str] | None) -> list[str] | None:
    return None if entries is None else sorted(read_entries(entries, field="allowed_senders"))


def _check(organisation: Organisation, limits: Mapping[str, float | None]) -> None:
    if organisation.default_zone:
        check_zone("default_zone", organisation.default_zone)
    _check_quiet_hours(organisation.quiet_hours)
    for channel, rate in organisation.rates.items():
        _check_rate(f"rates.{channel}", rate, limits.get(channel))
    for channel, ramp in organisation.warm_up.items():
        check_ramp(f"warm_up.{channel}", ramp)
    if organisation.polling_schedule_s is not None:
        _check_schedule(organisation.polling_schedule_s)
    country_rules.check(organisation.country_rules)
    caps.check_all("frequency_caps", organisation.frequency_caps)
    opt_out_keywords.check_words(organisation.opt_out_words, organisation.opt_in_words)


def _check_quiet_hours(quiet: Mapping[str, str] | None) -> None:
    if quiet is None:
        return
    for name in ("start", "end"):
        check_time_of_day(f"quiet_hours.{name}", quiet[name])
    if quiet["start"] == quiet["end"]:
        message = "quiet_hours: start and end must differ; null is for no quiet hours"
        raise InvalidFieldError("quiet_hours", message)


def _check_rate(name: str, rate: float, limit: float | None) -> None:
    if rate < SLOWEST:
        raise InvalidFieldError(name, f"{name}: must be at least {SLOWEST} a second")
    if limit is not None and rate > limit:
        raise InvalidFieldError(name, f"{name}: this deployment sends at most {limit:g} a second")


def _check_schedule(schedule: Sequence[int]) -> None:
    name = "polling_schedule_s"
    if not 1 <= len(schedule) <= _POLLS:
        rule = f"must hold 1 to {_POLLS} times; null is for the usual ones"
        raise InvalidFieldError(name, f"{name}: {rule}")
    if schedule[0] < 1 or schedule[-1] > _LONGEST_POLL_S:
        raise InvalidFieldError(name, f"{name}: must lie between 1 and {_LONGEST_POLL_S} seconds")
    if any(later <= earlier for earlier, later in pairwise(schedule)):
        raise InvalidFieldError(name, f"{name}: each time must be later than the one before")


def zones_for(phone_zones: Sequence[str], default_zone: str) -> tuple[str, ...]:
    """Return the zones of somebody whose number tells `phone_zones`.

    Where there are none, they are taken to be where most of the organisation's people are.
    """
    if default_zone and tuple(phone_zones) in {(), NO_ZONES}:
        return (default_zone,)
    return tuple(phone_zones)
