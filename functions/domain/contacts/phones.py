"""Phone numbers: one spelling per person, and where that person is.

The plans of all countries are imported when the first number is read: a cold start spares them.
"""

from dataclasses import dataclass

from functions.domain.errors import InvalidFieldError


@dataclass(frozen=True, slots=True)
class Phone:
    """A valid number: E.164, the main country of its calling code, and all zones it may be in.

    The country is ISO 3166 alpha-2, or "001" for codes of no country. Territories that share a
    code share its rules: +44 of Guernsey is GB, +1 of Canada is US.
    """

    e164: str
    region: str
    zones: tuple[str, ...]


class InvalidPhoneError(ValueError):
    """The text is not the number of any phone."""


def parse_phone(text: str, *, country: str = "") -> Phone:
    """Read an international number; blanks and punctuation between the digits do not matter.

    A number that is written as its plan was before is read as it is dialled now. With a `country`
    (ISO 3166 alpha-2) a number without a plus is read as one dials it there. Raises
    InvalidPhoneError, which names the rule that the text breaks.
    """
    from functions.domain.contacts.number_reading import read_number

    return read_number(text, country)


def check_country(field: str, text: str) -> str:
    """Return the code of a country that has phone numbers. Raises InvalidFieldError."""
    from phonenumbers import SUPPORTED_REGIONS

    code = text.strip().upper()
    if code and code not in SUPPORTED_REGIONS:
        rule = "must be the code of a country, of two letters, such as IN"
        raise InvalidFieldError(field, f"{field}: {rule}")
    return code
