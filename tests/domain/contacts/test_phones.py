"""Phone numbers: one spelling per person, and where that person is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.contacts.phones import InvalidPhoneError, Phone, parse_phone


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("+12025550123", Phone("+12025550123", "US", ("America/New_York",))),
        (" +1 (202) 555-0123 ", Phone("+12025550123", "US", ("America/New_York",))),
        ("+44 20 7946 0018", Phone("+442079460018", "GB", ("Europe/London",))),
        ("+91 98765 43210", Phone("+919876543210", "IN", ("Asia/Calcutta",))),
    ],
)
def test_a_number_is_read_whatever_its_punctuation(text: str, phone: Phone) -> None:
    """Blanks and punctuation do not make another person of the same number."""
    assert parse_phone(text) == phone


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("2025550123", "must be in E.164 format"),
        ("020 7946 0018", "must be in E.164 format"),
        ("+(((((((", "is not a phone number"),
        ("+abc", "is not a phone number"),
        ("+1 202 555", "no phone|not a number|not a phone"),
        ("+999123456789", "not a phone number|any phone"),
        ("+120255501234567", "any phone|not a phone number"),
    ],
)
def test_what_is_no_number_is_refused_with_the_rule(text: str, sentence: str) -> None:
    """A text that no phone can have is refused, and the error says why."""
    with pytest.raises(InvalidPhoneError, match=sentence):
        parse_phone(text)


def test_a_number_without_a_place_has_all_the_zones_it_may_be_in() -> None:
    """A number that does not tell its place may be in any zone of its country."""
    zones = parse_phone("+18005550199").zones
    assert {"America/New_York", "America/Los_Angeles"} <= set(zones)


def test_a_number_of_no_country_counts_as_utc() -> None:
    """A satellite number is nowhere: its time is taken as UTC."""
    phone = parse_phone("+881612345678")
    assert (phone.region, phone.zones) == ("001", ("Etc/UTC",))


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever stands in a file, it is a number in E.164 or an InvalidPhoneError."""
    try:
        phone = parse_phone(text)
    except InvalidPhoneError:
        return
    assert phone.e164.startswith("+")
    assert parse_phone(phone.e164) == phone
