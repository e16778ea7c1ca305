"""Numbers as files and people write them are read right, or refused with the true cause."""

import pytest

from functions.domain.contacts.phones import InvalidPhoneError, parse_phone

NUMBER = "+919876543210"


@pytest.mark.parametrize(
    "written",
    [
        "'+919876543210",
        "\u2019+919876543210",
        '="+919876543210"',
        "=+919876543210",
        '= "+919876543210"',
        '"+919876543210"',
        "tel:+91-98765-43210",
        "TEL:+919876543210",
        "whatsapp:+919876543210",
        "00919876543210",
        "00 91 98765 43210",
        "(+91) 98765 43210",
        "(0091) 98765 43210",
        "\u202a+919876543210\u202c",
        "\u2066+919876543210\u2069",
        "\ufeff+919876543210",
        "\u00a0+91\u00a098765\u200b43210\u2060",
        "\uff0b\uff19\uff11\uff19\uff18\uff17\uff16\uff15\uff14\uff13\uff12\uff11\uff10",
        "+٩١٩٨٧٦٥٤٣٢١٠",
        "+91\u096f\u096e\u096d\u096c\u096b\u096a\u0969\u0968\u0967\u0966",
        "+91\u201198765\u201343210",
        "+9.19876543210E+11",
        "+919876543210.0",
    ],
)
def test_what_stands_around_a_number_is_not_part_of_it(written: str) -> None:
    """Marks of spreadsheets, schemes, invisible characters and other digits do not matter."""
    assert parse_phone(written).e164 == NUMBER


@pytest.mark.parametrize("written", ["9.19877E+11", "9,19877e+11", "+9.19877E+11", "9E+11"])
def test_a_number_that_was_rounded_is_refused_as_such(written: str) -> None:
    """Scientific notation has lost digits; no number is made of what is left."""
    for country in ("", "IN"):
        with pytest.raises(InvalidPhoneError, match=r"rounded by a spreadsheet \("):
            parse_phone(written, country=country)


@pytest.mark.parametrize(
    "written",
    ["98765 43210", "09876543210", "919876543210", "9.876543210E+9", "9876543210.0", NUMBER],
)
def test_a_national_number_is_dialled_in_the_country_that_was_named(written: str) -> None:
    """With a country a number without a plus is read as there; without one it is refused."""
    assert parse_phone(written, country="IN").e164 == NUMBER
    if written != NUMBER:
        with pytest.raises(InvalidPhoneError, match="starting with"):
            parse_phone(written)


@pytest.mark.parametrize("written", ["+91\x009876543210", "\x00+919876543210", "+9198765\x1b43210"])
def test_control_characters_are_refused(written: str) -> None:
    """They are part of no number, and are not left out in silence."""
    with pytest.raises(InvalidPhoneError, match="holds control characters"):
        parse_phone(written)
