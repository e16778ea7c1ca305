"""The rules that hold where somebody is: the country's own, or what an organisation says instead.

An organisation's word stands in place of a country's whole rule for one kind of message:
{"US": {"voice": {"opens", "closes", "closed_on", "holidays", "cap": {"most", "hours"}}}}.
"""

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from functools import cache
from typing import Any, Final, NamedTuple, TypeAlias

from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import ChannelKind, facts_of
from functions.domain.sending_rules import frequency_caps
from functions.domain.sending_rules.country_data import COUNTRIES, ELSEWHERE, Rule
from functions.domain.sending_rules.public_holidays import are_known, holiday_name
from functions.domain.sending_rules.windows import DAYS, Window
from functions.domain.times import check_time_of_day

Overrides: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""By region and channel: what an organisation says instead of a country's rule."""

_NAME: Final = "country_rules"


def rule_of(region: str, channel: ChannelKind, overrides: Overrides) -> Rule:
    """Return the rule for one kind of message to people of a region."""
    for place in (region, ELSEWHERE):
        said = overrides.get(place, {}).get(channel)
        if said is not None:
            return _rule(said, place, channel)
        if place in COUNTRIES and channel in COUNTRIES[place].rules:
            return COUNTRIES[place].rules[channel]
    return Rule()


def _rule(said: Mapping[str, Any], region: str, channel: ChannelKind) -> Rule:
    cap = None if said["cap"] is None else frequency_caps.cap_from(said["cap"], [channel])
    if said["opens"] is None:
        return Rule((), cap)
    closed_on = frozenset(map(DAYS.index, said["closed_on"]))
    holidays = region if said["holidays"] else ""
    opens, closes = time.fromisoformat(said["opens"]), time.fromisoformat(said["closes"])
    return Rule((Window(opens, closes, closed_on, holidays),), cap)


class ClosedDay(NamedTuple):
    """A public holiday on which nobody of a country may be reached by some channels."""

    day: date
    region: str
    name: str
    channels: Sequence[ChannelKind]


def closed_days(overrides: Overrides, first: date, last: date) -> list[ClosedDay]:
    """Return the public holidays from one day to another that the rules in force keep."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    found = [
        ClosedDay(day, region, name, channels)
        for region in dict.fromkeys((*COUNTRIES, *sorted(overrides)))
        if (channels := _closing(region, overrides))
        for day in days
        if (name := holiday_name(region, day))
    ]
    return sorted(found)


def _closing(region: str, overrides: Overrides) -> list[ChannelKind]:
    """Return the channels by which nobody of a region is reached on its holidays."""
    kinds = [kind for kind in ChannelKind if facts_of(kind).keeps_country_hours]
    rules = {kind: rule_of(region, kind, overrides) for kind in kinds}
    return [kind for kind in kinds if any(each.holidays == region for each in rules[kind].windows)]


def merged(before: Overrides, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return overrides with what is said of some; None takes away a region's, or one rule of it."""
    after = {region: _merged(before.get(region, {}), rules) for region, rules in said.items()}
    return {region: rules for region, rules in {**before, **after}.items() if rules}


def _merged(before: Mapping[str, Any], said: Mapping[str, Any] | None) -> dict[str, Any]:
    if said is None:
        return {}
    rules = {**before, **said}
    return {kind: _whole(rule) for kind, rule in rules.items() if rule is not None}


def _whole(rule: Mapping[str, Any]) -> dict[str, Any]:
    said = {"opens": None, "closes": None, "holidays": False, "cap": None, **rule}
    return {**said, "closed_on": list(rule.get("closed_on", ()))}


def check(overrides: Overrides) -> None:
    """Refuse overrides that break a rule. Raises InvalidFieldError."""
    for region, rules in overrides.items():
        _check_region(region)
        for channel, rule in rules.items():
            _check_rule(f"{_NAME}.{region}.{channel}", region, rule)


@cache
def _mains() -> Mapping[str, str]:
    """Return where numbers can be, each with the main region of its calling code."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    codes = COUNTRY_CODE_TO_REGION_CODE.values()
    return {region: regions[0] for regions in codes for region in regions}


def _check_region(region: str) -> None:
    main = _mains().get(region)
    if region in {main, ELSEWHERE}:
        return
    name = f"{_NAME}.{region}"
    if main is None:
        raise InvalidFieldError(name, f"{name}: must be a country as ISO 3166 has it, or *")
    raise InvalidFieldError(name, f"{name}: its numbers begin as those of {main} do: name {main}")


def _check_rule(name: str, region: str, rule: Mapping[str, Any]) -> None:
    _check_window(name, rule)
    if rule["holidays"] and not are_known(region):
        field = f"{name}.holidays"
        raise InvalidFieldError(field, f"{field}: nobody has told us the holidays of {region}")
    if rule["cap"] is not None:
        frequency_caps.check(f"{name}.cap", rule["cap"])


def _check_window(name: str, rule: Mapping[str, Any]) -> None:
    for part, other in (("opens", "closes"), ("closes", "opens")):
        field = f"{name}.{part}"
        if rule[part] is None and rule[other] is not None:
            raise InvalidFieldError(field, f"{field}: is required beside {other}")
        if rule[part] is not None:
            check_time_of_day(field, rule[part])
    _check_days(name, rule)


def _check_days(name: str, rule: Mapping[str, Any]) -> None:
    field = f"{name}.closed_on"
    if not set(rule["closed_on"]) < set(DAYS):
        rule_ = "must name days of the week as mon, and not all of them"
        raise InvalidFieldError(field, f"{field}: {rule_}")
    if rule["opens"] is None and (rule["closed_on"] or rule["holidays"]):
        message = "closing days need a window: say opens and closes too"
        raise InvalidFieldError(field, f"{field}: {message}")
