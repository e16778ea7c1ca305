"""What may be said of a person, and what becomes of a contact by it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.domain.contacts.contact import (
    MOST_ATTRIBUTES,
    Contact,
    changed,
    contact_fields,
    contact_from,
    identity,
    new_contact,
    read_details,
    replaced,
)
from functions.domain.errors import InvalidFieldError
from tests.clock import NOON
from tests.salted import contact_id

LATER = NOON + timedelta(hours=1)
PHONE = "+12125552000"


def made(**row: Any) -> Contact:
    """Return the contact that a row makes."""
    details = read_details({"phone": PHONE, **row})
    return new_contact(contact_id(identity(details)), details, now=NOON)


@pytest.mark.parametrize(
    "written", [PHONE, "+1 212 555 2000", "+1 (212) 555-2000", " +1-212.555.2000 "]
)
def test_a_number_is_one_person_however_it_is_written(written: str) -> None:
    """Blanks and punctuation do not make another person."""
    contact = made(phone=written)
    assert (contact.id, contact.phone) == (contact_id(PHONE), PHONE)


@pytest.mark.parametrize(
    ("row", "field", "message"),
    [
        ({"phone": "+((((((("}, "phone", "phone: is not a phone number"),
        ({"phone": "12125552000"}, "phone", "phone: must be in E.164 format"),
        ({"phone": 12125552000}, "phone", "phone: must be text"),
        ({"phone": "+1" * 40}, "phone", "phone: has more than 32 characters"),
        ({"zone": "Mars/Olympus"}, "zone", "zone: there is no time zone 'Mars/Olympus'"),
        ({"zone": "../etc/passwd"}, "zone", "zone: there is no time zone"),
        ({"zone": "localtime"}, "zone", "zone: there is no time zone 'localtime'"),
        ({"zone": "Factory"}, "zone", "zone: there is no time zone 'Factory'"),
        ({"active": "yes"}, "active", "active: must be true or false"),
        ({"attributes": ["a"]}, "attributes", "attributes: must be names and their texts"),
        ({"attributes": {"": "x"}}, "attributes.", "attributes.: a name is"),
        ({"attributes": {"a/b": "x"}}, "attributes.a/b", "attributes.a/b: a name is"),
        ({"attributes": {"a": 1}}, "attributes.a", "attributes.a: must be text"),
        ({"attributes": {"a": "x" * 1001}}, "attributes.a", "attributes.a: has more than 1000"),
        ({"attributes": {"phone": "x"}}, "attributes.phone", "attributes.phone: is a field of"),
        ({"first_name": "x" * 201}, "first_name", "first_name: has more than 200 characters"),
        ({"firstname": ["x"]}, "firstname", "firstname: must be text"),
        ({"first_name": "a\ud800"}, "first_name", "first_name: is not valid Unicode"),
        ({"firstName": "Ana"}, "firstName", "firstName: is not a field of a contact"),
        ({"\ud800": "Ana"}, "?", "?: is not a field of a contact"),
        ({"first_name": "Ana", "firstname": "Bea"}, "firstname", "firstname: contradicts"),
    ],
)
def test_what_breaks_a_rule_is_told_by_field(row: Any, field: str, message: str) -> None:
    """A wrong value is refused by the name it was sent under, with the rule it breaks."""
    with pytest.raises(InvalidFieldError) as caught:
        read_details(row)
    assert caught.value.field == field
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("address", ["a@b.co", "Ana.Sol+tea@Mail.Example.COM", "o'neil@example.ie"])
def test_an_address_is_kept_in_lower_case(address: str) -> None:
    """Capital letters do not make another person."""
    details = read_details({"email": address})
    contact = new_contact("ana", details, now=NOON)
    assert contact.email == identity(details) == address.lower()
    assert contact.zones == ("Etc/UTC",)


def test_somebody_without_an_address_cannot_be_reached() -> None:
    """At least one of phone and email is required; null is none."""
    for row in ({}, {"first_name": "Ana"}, {"phone": None, "email": ""}):
        with pytest.raises(InvalidFieldError, match="phone: is required") as caught:
            new_contact("ana", read_details(row), now=NOON)
        assert caught.value.field == "phone"


def test_other_spellings_mean_our_fields() -> None:
    """firstname, lastname and prefered_product are read as first_name and so on."""
    row = {"firstname": "Ana", "lastname": "Sol", "prefered_product": "tea", "first_name": "Ana"}
    contact = made(**row)
    said = (contact.first_name, contact.last_name, contact.preferred_product)
    assert said == ("Ana", "Sol", "tea")


def test_a_person_is_where_they_say_else_where_the_number_is() -> None:
    """`zone` counts; without it the number's zones; cleared, they come back."""
    assert made().zones == ("America/New_York",)
    moved = made(zone="Europe/Madrid")
    assert moved.zones == ("Europe/Madrid",)
    assert changed(moved, read_details({"zone": None}), now=LATER).zones == ("America/New_York",)
    assert replaced(moved, {}, now=LATER).zones == ("America/New_York",)
    assert changed(moved, read_details({"location": "x"}), now=LATER).zones == ("Europe/Madrid",)


def test_what_is_not_named_stays() -> None:
    """A change touches what it names, attribute by attribute; null clears."""
    before = made(first_name="Ana", location="Rome", attributes={"a": "1", "b": "2"})
    details = read_details({"location": None, "attributes": {"a": None, "c": "3"}})
    after = changed(before, details, now=LATER)
    assert (after.first_name, after.location) == ("Ana", "")
    assert after.attributes == {"b": "2", "c": "3"}
    assert (after.created_at, after.updated_at) == (NOON, LATER)
    assert changed(after, read_details({"attributes": None}), now=LATER).attributes == {}


def test_what_is_not_named_goes_where_all_is_replaced() -> None:
    """A replacement keeps the address and nothing else that it does not name."""
    before = made(first_name="Ana", email="a@b.co", active=False, attributes={"a": "1"})
    after = replaced(before, read_details({"last_name": "Sol", "phone": PHONE}), now=LATER)
    assert after == replace(made(last_name="Sol"), updated_at=LATER)


def test_what_says_nothing_new_changes_nothing() -> None:
    """The same contact comes back, so that nothing has to be written."""
    row = {"first_name": "Ana", "zone": "Europe/Madrid", "attributes": {"a": "1"}}
    before = made(**row)
    assert changed(before, read_details({"phone": PHONE, **row}), now=LATER) is before
    assert replaced(before, read_details(row), now=LATER) is before
    stored = contact_from(before.id, contact_fields(before))
    assert changed(stored, read_details(row), now=LATER) is stored


def test_what_nobody_has_said_is_not_stored() -> None:
    """Most people have no second address and no place: no index holds them for it."""
    stored = contact_fields(made(first_name="Ana"))
    assert "" not in stored.values()
    assert stored["active"] is True
    cleared = changed(made(email="a@b.co"), read_details({"email": ""}), now=LATER)
    assert "email" not in contact_fields(cleared)


@pytest.mark.parametrize(
    ("row", "changes", "field"),
    [
        ({"phone": PHONE}, {"phone": "+12125552001"}, "phone"),
        ({"phone": PHONE, "email": "a@b.co"}, {"phone": None}, "phone"),
        ({"email": "a@b.co"}, {"phone": PHONE}, "phone"),
        ({"email": "a@b.co"}, {"email": "c@d.co"}, "email"),
        ({"email": "a@b.co"}, {"email": None}, "email"),
    ],
)
def test_the_address_that_tells_who_it_is_is_fixed(
    row: dict[str, Any], changes: dict[str, Any], field: str
) -> None:
    """Neither a change nor a replacement turns somebody into somebody else."""
    contact = new_contact("ana", read_details(row), now=NOON)
    for change in (changed, replaced):
        with pytest.raises(InvalidFieldError, match="cannot be changed") as caught:
            change(contact, read_details(changes), now=LATER)
        assert caught.value.field == field


def test_a_second_address_may_change() -> None:
    """Whoever is known by a number may have any e-mail address, and lose it."""
    contact = changed(made(), read_details({"email": "a@b.co"}), now=LATER)
    assert contact.email == "a@b.co"
    assert changed(contact, read_details({"email": None}), now=LATER).email == ""


def test_a_person_has_so_many_attributes() -> None:
    """The limit holds for what is there and what is added together."""
    full = made(attributes={f"a{n}": "x" for n in range(MOST_ATTRIBUTES)})
    with pytest.raises(InvalidFieldError, match="at most 100"):
        changed(full, read_details({"attributes": {"one": "more"}}), now=LATER)
    swap = read_details({"attributes": {"a0": None, "one": "more"}})
    assert len(changed(full, swap, now=LATER).attributes) == MOST_ATTRIBUTES
