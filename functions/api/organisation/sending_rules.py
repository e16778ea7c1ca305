"""How the rules of countries and the caps are written and shown."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field

from functions.domain.kinds import ChannelKind, facts_of
from functions.domain.organisation import Organisation
from functions.domain.sending_rules.country_data import COUNTRIES, ELSEWHERE, Country, Rule
from functions.domain.sending_rules.country_rules import rule_of
from functions.domain.sending_rules.frequency_caps import MOST, MOST_HOURS
from functions.domain.sending_rules.windows import DAYS, Window
from functions.web.fields import RestBody, Weekday

_ShownTime = Annotated[str, Field(max_length=5)]
#: What a country can have rules for.
_KINDS = tuple(kind for kind in ChannelKind if facts_of(kind).keeps_country_hours)


class CapBody(RestBody):
    """At most `most` within any `hours`."""

    most: Annotated[int, Field(ge=1, le=MOST)]
    hours: Annotated[int, Field(ge=1, le=MOST_HOURS)]


class FrequencyCap(CapBody):
    """How often one person may be reached, by these channels together; null for all of them."""

    channels: Annotated[list[ChannelKind], Field(max_length=len(ChannelKind))] | None = None


class CountryRule(RestBody):
    """What holds instead of a country's rule, as a whole: without hours it is always open.

    `holidays`: closed on the country's public holidays too.
    """

    opens: _ShownTime | None = None
    closes: _ShownTime | None = None
    closed_on: Annotated[list[Weekday], Field(max_length=len(DAYS))] = Field([])
    holidays: bool = False
    cap: CapBody | None = None


class CountryRules(RestBody):
    """What holds in one country, by kind of message; null for the country's own rule."""

    voice: CountryRule | None = None
    sms: CountryRule | None = None
    whatsapp: CountryRule | None = None
    email: CountryRule | None = None


class ShownWindow(BaseModel):
    """From `opens` up to but not including `closes`, people's own time, but for some days."""

    opens: str
    closes: str
    closed_on: list[Weekday]
    holidays: bool


class ShownRule(BaseModel):
    """One rule in force: all of its windows at once, and its cap."""

    windows: list[ShownWindow]
    cap: CapBody | None
    overridden: bool  #: it is the organisation's word, not the country's


class ShownCountry(BaseModel):
    """The rules in force in one country, and where the country's own come from."""

    region: str
    version: str
    source: str
    rules: dict[ChannelKind, ShownRule]


class ShownRules(BaseModel):
    """All rules in force; `*` stands for every country that has none of its own.

    `kept` is false where the deployment has switched the countries' rules off.
    """

    kept: bool
    countries: list[ShownCountry]
    frequency_caps: list[FrequencyCap]


def shown_rules(decided: Organisation, *, kept: bool) -> dict[str, Any]:
    """Return the rules in force for an organisation, as ShownRules has them."""
    regions = dict.fromkeys((*COUNTRIES, *sorted(decided.country_rules)))
    return {
        "kept": kept,
        "countries": [_country(region, decided.country_rules) for region in regions],
        "frequency_caps": decided.frequency_caps,
    }


def _country(region: str, overrides: Mapping[str, Any]) -> dict[str, Any]:
    country: Country = COUNTRIES.get(region, COUNTRIES[ELSEWHERE])
    said = overrides.get(region, {})
    rules = {kind: rule_of(region, kind, overrides) for kind in _KINDS}
    return {
        "region": region,
        "version": country.version.isoformat(),
        "source": country.source,
        "rules": {
            kind: _rule(rule, overridden=kind in said)
            for kind, rule in rules.items()
            if kind in said or rule != Rule()
        },
    }


def _rule(rule: Rule, *, overridden: bool) -> dict[str, Any]:
    windows = [_window(window) for window in rule.windows]
    return {"windows": windows, "cap": rule.cap, "overridden": overridden}


def _window(window: Window) -> dict[str, Any]:
    return {
        "opens": f"{window.opens:%H:%M}",
        "closes": f"{window.closes:%H:%M}",
        "closed_on": [DAYS[number] for number in sorted(window.closed_on)],
        "holidays": bool(window.holidays),
    }
