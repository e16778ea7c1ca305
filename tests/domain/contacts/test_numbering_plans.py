"""What the compiled plans say of a number is what phonenumbers says of it."""

import random

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType, timezone

from functions.domain.contacts.numbering_plans import plain_number
from functions.domain.contacts.phones import parse_phone
from functions.domain.times import NO_ZONES

CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def examples(code: int, *, times: int) -> list[str]:
    """Return numbers of a calling code: those that exist, and their neighbours."""
    chance = random.Random(code)  # noqa: S311 - no secret
    known = [f"+{code}{chance.randrange(10**6, 10**10)}" for _ in range(times)]
    for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]:
        for kind in PhoneNumberType.values():
            number = (
                phonenumbers.example_number_for_non_geo_entity(code)
                if region == "001"
                else phonenumbers.example_number_for_type(region, kind)
            )
            if number is not None:
                known.append(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    return [
        f"{each[: len(each) - cut]}{end}"
        for each in known
        for cut, end in ((0, ""), (1, ""), (2, "77"), (0, "1"))
    ]


def told(text: str) -> tuple[str, str, tuple[str, ...]] | None:
    """Return what phonenumbers says of a valid number: its spelling, country and zones."""
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    kind = phonenumbers.number_type(number)
    is_placed = phonenumbers.is_number_type_geographical(kind, number.country_code or 0)
    zones = (
        timezone.time_zones_for_geographical_number(number)
        if is_placed
        else timezone.time_zones_for_number(number)
    )
    known = tuple(zone for zone in zones if zone != "Etc/Unknown") or NO_ZONES
    region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164), region, known


@pytest.mark.parametrize("start", range(0, len(CODES), 50))
def test_a_plain_number_is_what_phonenumbers_says_of_it(start: int) -> None:
    """In every calling code: the same spelling, country and zones, and none that it refuses."""
    plain = 0
    for code in CODES[start : start + 50]:
        for text in examples(code, times=20):
            if found := plain_number(text):
                plain += 1
                assert (text, *found) == told(text)
    assert plain > 200


def test_what_is_dressed_or_doubtful_is_left_to_phonenumbers() -> None:
    """A prefix that is dialled at home, a leading zero and a number of nobody are not decided."""
    for text in (
        "+44 20 7946 0018",
        "+4402079460018",
        "+390612345678",
        "+12",
        "+999123456789",
        "x",
    ):
        assert plain_number(text) is None
    assert parse_phone("+4402079460018").e164 == "+442079460018"
