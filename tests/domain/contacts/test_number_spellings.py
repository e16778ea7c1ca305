"""Numbers in several spellings: whichever is used, it is the same person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.contacts.contact import changed, new_contact, read_details
from functions.domain.contacts.number_spellings import one_spelling
from functions.domain.contacts.phones import InvalidPhoneError, parse_phone
from functions.domain.contacts.provider_numbers import other_number, readings
from functions.domain.errors import InvalidFieldError
from functions.domain.segments.conditions import matches
from functions.domain.segments.parser import parse
from tests.clock import NOON
from tests.salted import contact_id, message_id

#: The number as it is dialled now, and how else it is written.
SPELLINGS = [
    ("+525512345678", "+5215512345678"),
    ("+525512345678", "+52 1 55 1234 5678"),
    ("+525512345678", "+52 044 55 1234 5678"),
    ("+5511987654321", "+551187654321"),
    ("+5531987654321", "+55 31 8765-4321"),
    ("+5491123456789", "+541123456789"),
    ("+5491123456789", "+54 11 15 2345-6789"),
    ("+5491123456789", "+54 9 11 15 2345-6789"),
    ("+5492214567890", "+54 221 15 456-7890"),
    ("+2290197123456", "+22997123456"),
    ("+2250707123456", "+22507123456"),
    ("+2250545123456", "+22545123456"),
]
#: Some numbers that begin with 7 may still be dialled without their ninth digit.
EITHER = ("+5531971234567", "+553171234567")
#: Two people, each time.
DIFFERENT = [
    ("+5511923456789", "+551123456789"),  # a mobile and a landline of São Paulo
    ("+525512345678", "+525512345679"),
    ("+541123456789", "+541123456780"),
    ("+12025550142", "+442025550142"),
    ("+5215512345678", "+15512345678"),
]


@pytest.mark.parametrize(("now", "written"), [*SPELLINGS, EITHER])
def test_a_person_has_one_id_however_the_number_is_spelt(now: str, written: str) -> None:
    """Contact, suppression and message are found by any spelling."""
    read = parse_phone(written).e164
    assert contact_id(read) == contact_id(now)
    assert message_id("c", read) == message_id("c", now)


@pytest.mark.parametrize(("now", "written"), SPELLINGS)
def test_a_number_of_an_older_plan_is_read_as_one_that_can_be_dialled(
    now: str, written: str
) -> None:
    """What is stored is a number that a network knows today."""
    assert parse_phone(written).e164 in {now, one_spelling(now)}
    assert parse_phone(written).region == parse_phone(now).region


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_people_stay_two(one: str, other: str) -> None:
    """Nobody is left out because somebody else wants no more."""
    assert contact_id(one) != contact_id(other)


@pytest.mark.parametrize("text", ["+52155123456789", "+22521123456", "+1 1 202 555", "+5215512"])
def test_what_is_no_number_in_any_plan_is_still_refused(text: str) -> None:
    """Older plans let in nothing that they did not know."""
    with pytest.raises(InvalidPhoneError):
        parse_phone(text)


@given(st.text())
def test_any_address_has_one_spelling(address: str) -> None:
    """Whatever stands there, its one spelling is its own one spelling."""
    assert one_spelling(one_spelling(address)) == one_spelling(address)


@given(st.from_regex(r"\+(52|54|55|225|229)[0-9]{5,13}", fullmatch=True))
def test_the_one_spelling_has_no_other(number: str) -> None:
    """Two steps never lead further than one."""
    assert one_spelling(one_spelling(number)) == one_spelling(number)


def test_a_contact_takes_another_spelling_of_its_number_and_no_other_number() -> None:
    """The last spelling that was given is kept; the person stays the same."""
    contact = new_contact("ana", read_details({"phone": "+541123456789"}), now=NOON)
    mobile = changed(contact, read_details({"phone": "+5491123456789"}), now=NOON)
    assert (mobile.id, mobile.phone) == (contact.id, "+5491123456789")
    with pytest.raises(InvalidFieldError, match="cannot be changed"):
        changed(contact, read_details({"phone": "+5491123456780"}), now=NOON)


@pytest.mark.parametrize("op", ["eq", "in"])
def test_a_segment_finds_a_number_in_any_spelling(op: str) -> None:
    """Who looks for a number as a provider writes it finds the contact."""
    contact = new_contact("ana", read_details({"phone": "+525512345678"}), now=NOON)
    value = "+52 1 55 1234 5678"
    wanted = {"field": "phone", "op": op, "value": [value] if op == "in" else value}
    assert matches(parse(wanted), contact, {})
    assert not matches(parse({"field": "phone", "op": "ne", "value": value}), contact, {})


@pytest.mark.parametrize(
    ("named", "near", "meant"),
    [
        ("whatsapp:+5215512345678", "", ["+525512345678"]),
        ("5215512345678", "", ["+525512345678"]),
        ("\u202a+52 1 55 1234 5678\u202c", "", ["+525512345678"]),
        ("rcs:+12025550142", "", ["+12025550142"]),
        ("0012025550142", "", ["+12025550142"]),
        ("(202) 555-0142", "+12025550111", ["+12025550142"]),
        ("07911123456", "+447911123400", ["+447911123456"]),
        ("6592345678", "+12025550111", ["+6592345678", "+16592345678"]),
        ("12345", "+12025550111", ["12345"]),
        ("whatsapp:12345", "", ["12345"]),
        ("2025550142", "", ["+2025550142"]),
        ("+999123456789", "", ["+999123456789"]),
        ("9" * 20, "", []),
        ("PARCELS", "", []),
        ("US.13491208655302741918", "", []),
        ("messenger:2025550142", "", []),
        ("(", "", []),
        ("", "", []),
    ],
)
def test_what_a_provider_names_is_read_as_it_may_be_meant(
    named: str, near: str, meant: list[str]
) -> None:
    """National numbers are of our own number's country, and a short code is left as it is."""
    assert list(readings(named, near=near)) == meant


@given(st.text(), st.text())
def test_whatever_a_provider_names_is_read_or_is_no_number(named: str, near: str) -> None:
    """Nonsense is nobody, and never an error."""
    assert all(readings(named, near=near))
    assert other_number(named, "+12025550142") in {"", *readings(named)}
