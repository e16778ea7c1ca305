"""Numbers as providers write them: `whatsapp:+5215512345678`, `5215512345678`, `12345`."""

import re
from typing import Final

from functions.domain.contacts.number_spellings import one_spelling
from functions.domain.contacts.phones import InvalidPhoneError, parse_phone
from functions.domain.contacts.written_numbers import RoundedNumberError, bare_number

#: What may stand before a number: its channel, as Twilio writes it, or a URL's scheme.
_PREFIX: Final = re.compile(r"(?:whatsapp|rcs|sms|tel):(?://)?", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(\+)?[(]*[0-9][0-9 ().-]*", re.ASCII)
_INTERNATIONAL: Final = 15  #: digits of a number at most (E.164)
#: So few digits are a short code, which a network answers within a country: no number of E.164.
_SHORT_CODE: Final = 6


def readings(named: str, *, near: str = "") -> tuple[str, ...]:
    """Return the addresses that a provider may mean by this, the likeliest first.

    A number is in E.164, as it is dialled now where it can be; without a plus it may also be one
    of the country that `near`, our own number, is in. A short code stays as it is. What is no
    number has none.
    """
    try:
        bare = bare_number(_PREFIX.sub("", named.strip(), count=1))
    except RoundedNumberError:
        return ()
    found = _NUMBER.fullmatch(bare)
    if found is None:
        return ()
    digits = re.sub("[^0-9]", "", bare)
    if not found[1] and len(digits) <= _SHORT_CODE:
        return (digits,)
    abroad = _valid(f"+{digits}")
    at_home = "" if found[1] else _national(digits, near)
    known = tuple(dict.fromkeys(number for number in (abroad, at_home) if number))
    if known or len(digits) > _INTERNATIONAL:
        return known
    return (f"+{digits}",)


def reading(named: object, *, near: str = "") -> str:
    """Return the address that a provider most likely means, "" where it names no number."""
    found = readings(named, near=near) if isinstance(named, str) else ()
    return next(iter(found), "")


def other_number(named: object, address: str) -> str:
    """Return the number that a provider knows somebody by, where it is not their own for us.

    "" where it is their number in whatever spelling, or none. Every sent message asks: the usual
    answer costs little.
    """
    if not isinstance(named, str):
        return ""
    ours = one_spelling(address)
    bare = _PREFIX.sub("", named, count=1).removeprefix("+")
    if not bare or one_spelling(f"+{bare}") == ours:
        return ""
    found = reading(named)
    return "" if one_spelling(found) == ours else found


def _valid(number: str, country: str = "") -> str:
    try:
        return parse_phone(number, country=country).e164
    except InvalidPhoneError:
        return ""


def _national(digits: str, near: str) -> str:
    """Return the number that these digits are where `near` is, "" where they are none there."""
    import phonenumbers

    try:
        country = phonenumbers.region_code_for_number(phonenumbers.parse(near, None))
    except phonenumbers.NumberParseException:
        return ""
    return _valid(digits, country) if country else ""
