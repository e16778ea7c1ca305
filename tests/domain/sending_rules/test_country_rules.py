"""The rules of countries, and what organisations say instead of them."""

from datetime import time
from typing import Any

import pytest

from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import ChannelKind
from functions.domain.sending_rules.country_data import COUNTRIES, ELSEWHERE, Rule
from functions.domain.sending_rules.country_rules import check, merged, rule_of
from functions.domain.sending_rules.frequency_caps import Cap
from functions.domain.sending_rules.windows import Window

VOICE, SMS, EMAIL = ChannelKind.VOICE, ChannelKind.SMS, ChannelKind.EMAIL
TEN_TO_SIX = {"opens": "10:00", "closes": "18:00"}
WHOLE: dict[str, Any] = {"closed_on": [], "holidays": False, "cap": None, **TEN_TO_SIX}


@pytest.mark.parametrize("region", sorted(COUNTRIES))
def test_every_country_has_a_source_and_lets_nobody_be_called_at_night(region: str) -> None:
    """Calls have hours everywhere, none before 08:00 or after 21:00."""
    country = COUNTRIES[region]
    assert country.source
    first = country.rules[VOICE].windows[0]
    assert time(8) <= first.opens < first.closes <= time(21)


def test_a_country_without_rules_of_its_own_has_those_of_everywhere_else() -> None:
    """Kenya's calls have the usual hours, and its texts none; nobody's mails have any."""
    assert rule_of("KE", VOICE, {}) == COUNTRIES[ELSEWHERE].rules[VOICE]
    assert rule_of("KE", SMS, {}) == rule_of("", EMAIL, {}) == rule_of("FR", EMAIL, {}) == Rule()
    assert rule_of("US", VOICE, {}).cap == Cap(3, 24, frozenset({"voice"}))
    assert rule_of("FR", SMS, {}).windows == (Window(time(8), time(22), frozenset({6}), "FR"),)


def test_an_organisation_s_word_stands_in_place_of_the_whole_rule() -> None:
    """Its hours, its days and its cap, or none; other kinds and countries stay as they are."""
    said = {"closed_on": ["sun"], "holidays": True, "cap": {"most": 1, "hours": 2}}
    overrides = merged({}, {"US": {"voice": TEN_TO_SIX}, "FR": {"sms": {**TEN_TO_SIX, **said}}})
    assert rule_of("US", VOICE, overrides) == Rule((Window(time(10), time(18)),), None)
    window = Window(time(10), time(18), frozenset({6}), "FR")
    assert rule_of("FR", SMS, overrides) == Rule((window,), Cap(1, 2, frozenset({"sms"})))
    assert rule_of("FR", VOICE, overrides) == COUNTRIES["FR"].rules[VOICE]
    assert rule_of("GB", VOICE, overrides) == COUNTRIES["GB"].rules[VOICE]
    free = merged(overrides, {"US": {"voice": {}}})
    assert rule_of("US", VOICE, free) == Rule()


def test_what_is_said_of_everywhere_else_leaves_countries_with_rules_alone() -> None:
    """`*` is for those that have none of their own."""
    overrides = merged({}, {"*": {"voice": TEN_TO_SIX, "sms": TEN_TO_SIX}})
    ten = Rule((Window(time(10), time(18)),))
    assert rule_of("KE", VOICE, overrides) == rule_of("US", SMS, overrides) == ten
    assert rule_of("GB", VOICE, overrides) == COUNTRIES["GB"].rules[VOICE]


def test_overrides_are_said_and_taken_away_one_by_one() -> None:
    """What is not named stays; null takes away a rule, or all of a country's."""
    both = merged({}, {"US": {"voice": TEN_TO_SIX, "sms": TEN_TO_SIX}, "GB": {"sms": TEN_TO_SIX}})
    assert merged(both, {"US": {"voice": None}}) == {"US": {"sms": WHOLE}, "GB": {"sms": WHOLE}}
    assert merged(both, {"US": None}) == {"GB": {"sms": WHOLE}}
    assert merged(both, {"GB": {"sms": None}, "IN": None}) == {"US": both["US"]}
    assert merged(both, {}) == both


@pytest.mark.parametrize(
    ("overrides", "field", "told"),
    [
        ({"XX": {"voice": TEN_TO_SIX}}, "XX", "ISO 3166"),
        ({"us": {"voice": TEN_TO_SIX}}, "us", "ISO 3166"),
        ({"CA": {"voice": TEN_TO_SIX}}, "CA", "name US"),
        ({"US": {"voice": {"opens": "10:00"}}}, "US.voice.closes", "required"),
        ({"US": {"voice": {**TEN_TO_SIX, "opens": "24:00"}}}, "US.voice.opens", "HH:MM"),
        ({"US": {"voice": {**TEN_TO_SIX, "closed_on": ["noday"]}}}, "US.voice.closed_on", "days"),
        ({"US": {"sms": {"closed_on": ["sun"]}}}, "US.sms.closed_on", "need a window"),
        ({"*": {"sms": {**TEN_TO_SIX, "holidays": True}}}, "*.sms.holidays", "holidays of"),
        ({"US": {"sms": {"cap": {"most": 0, "hours": 1}}}}, "US.sms.cap.most", "1 to 50"),
    ],
)
def test_what_breaks_a_rule_is_refused(overrides: Any, field: str, told: str) -> None:
    """The error names the field and says what its rule is."""
    with pytest.raises(InvalidFieldError, match=told) as caught:
        check(merged({}, overrides))
    assert caught.value.field == f"country_rules.{field}"


def test_what_keeps_the_rules_is_taken() -> None:
    """Hours over midnight, all day, on holidays, or a cap alone."""
    check(
        merged(
            {},
            {
                "DE": {"voice": {**TEN_TO_SIX, "holidays": True, "closed_on": ["sun"]}},
                "001": {"voice": {"opens": "22:00", "closes": "02:00"}},
                "*": {"email": {"opens": "00:00", "closes": "00:00"}, "sms": {"cap": None}},
                "US": {"voice": {"cap": {"most": 50, "hours": 744}}},
            },
        )
    )
