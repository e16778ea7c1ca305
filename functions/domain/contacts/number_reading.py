"""Reading numbers as people and programs write them, by the rules of every country's plan."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType, timezone

from functions.domain.contacts.number_spellings import one_spelling
from functions.domain.contacts.numbering_plans import plain_number
from functions.domain.contacts.phones import InvalidPhoneError, Phone
from functions.domain.contacts.written_numbers import RoundedNumberError, bare_number
from functions.domain.times import NO_ZONES

_NO_ZONE = "Etc/Unknown"


def read_number(text: str, country: str) -> Phone:
    """Return what `parse_phone` promises."""
    if plain := plain_number(text):
        return Phone(text, plain.region, plain.zones)
    number = _parsed(text, country)
    # What is_valid_number asks too; here, once for validity and zones, as it costs the most.
    kind = phonenumbers.number_type(number)
    if kind is PhoneNumberType.UNKNOWN:
        number = _as_dialled_now(number)
        kind = phonenumbers.number_type(number)
    return Phone(
        e164=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        region=phonenumbers.region_code_for_country_code(number.country_code or 0),
        zones=_zones(number, kind),
    )


def _as_dialled_now(number: phonenumbers.PhoneNumber) -> phonenumbers.PhoneNumber:
    """Return a number of an older plan as it is dialled now. Raises InvalidPhoneError."""
    national = phonenumbers.national_significant_number(number)
    now = phonenumbers.parse(one_spelling(f"+{number.country_code}{national}"), None)
    if phonenumbers.is_valid_number(now):
        return now
    raise InvalidPhoneError("is not a number that any phone can have")


def _parsed(text: str, country: str) -> phonenumbers.PhoneNumber:
    try:
        bare = bare_number(text)
    except RoundedNumberError as error:
        raise InvalidPhoneError(str(error)) from None
    if not bare:
        raise InvalidPhoneError("is empty")
    if not bare.isprintable():
        raise InvalidPhoneError("holds control characters")
    if not bare.startswith("+") and not country:
        raise InvalidPhoneError("must be in E.164 format, starting with + and the country code")
    try:
        return phonenumbers.parse(bare, country or None)
    except NumberParseException:
        raise InvalidPhoneError("is not a phone number") from None


def _zones(number: phonenumbers.PhoneNumber, kind: int) -> tuple[str, ...]:
    """Return every zone the number may be in: the rule that suits all of them is the safe one."""
    if phonenumbers.is_number_type_geographical(kind, number.country_code or 0):
        zones = timezone.time_zones_for_geographical_number(number)
    else:
        zones = timezone.time_zones_for_number(number)
    known = tuple(zone for zone in zones if zone != _NO_ZONE)
    return known or NO_ZONES
