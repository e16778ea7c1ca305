"""Somebody who can be reached: what is kept of them, and the rules of every field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from functions.domain.contacts.emails import read_email
from functions.domain.contacts.number_spellings import one_spelling
from functions.domain.contacts.phones import InvalidPhoneError, parse_phone
from functions.domain.digest import digest
from functions.domain.errors import InvalidFieldError
from functions.domain.plain_text import hidden_in_name
from functions.domain.templates.fields import ALIASES, TEMPLATE_FIELDS
from functions.domain.times import NO_ZONES, check_zone

Details: TypeAlias = dict[str, Any]
"""What is said of a person, checked, by our names of the fields; "" and None clear."""

#: In front of an attribute's name among a contact's stored fields: each can be queried.
ATTRIBUTE = "attr_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person of an organisation, as stored under orgs/{org}/contacts/{id}."""

    id: str  #: derived from the phone number, else the e-mail address (see contact_id)
    phone: str = ""  #: E.164, in the spelling that was last given
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    location: str = ""
    preferred_product: str = ""
    external_id: str = ""  #: what another system calls this person; several may have one
    zone: str = ""  #: IANA; "" where nobody has said it
    region: str = ""  #: ISO 3166 alpha-2, of the phone number
    zones: tuple[str, ...] = ()  #: `zone`, else all that the number may be in
    active: bool = True  #: False: no campaign to everybody reaches them
    attributes: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime
    updated_at: datetime
    imported_by: str = ""  #: the import job that created them
    #: Where each list has them, by its id: on which `page`, and whether it says something of its
    #: `own` there. Some of these lists may be gone.
    list_pages: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, compare=False)

    @property
    def values(self) -> dict[str, str]:
        """What a template may say of this person."""
        own = {name: getattr(self, name) for name in TEMPLATE_FIELDS}
        return {**self.attributes, **own}


_NAMES = frozenset(f.name for f in fields(Contact)) - {"id", "attributes"}


def contact_from(id_: str, data: Mapping[str, Any]) -> Contact:
    """Rebuild a contact from its stored fields."""
    stored = {name: value for name, value in data.items() if name in _NAMES}
    attributes = {
        name.removeprefix(ATTRIBUTE): value
        for name, value in data.items()
        if name.startswith(ATTRIBUTE)
    }
    return Contact(
        **{**stored, "id": id_, "zones": tuple(stored["zones"]), "attributes": attributes}
    )


def contact_fields(contact: Contact) -> dict[str, Any]:
    """Return what is stored of a contact; its id is its path.

    What nobody has said is left out: most people have no e-mail address and no place, and each
    field that is stored has a place in an index of its own.
    """
    own = {name: value for name in _NAMES if (value := getattr(contact, name)) != ""}
    attributes = {f"{ATTRIBUTE}{name}": value for name, value in contact.attributes.items()}
    lists = {"zones": list(contact.zones), "list_pages": dict(contact.list_pages)}
    return {**own, **lists, **attributes}


def row_fields(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a list's or a campaign's row copies of a contact, by its stored fields."""
    phone, region = data.get("phone", ""), data.get("region", "")
    return {"address": phone, "region": region, "zones": data["zones"]}


def contact_id(salt: bytes, address: str) -> str:
    """Derive the id of whoever is reached at this address, so that nobody is stored twice.

    All spellings of a phone number give the same one. The salt is the organisation's own and
    secret: an id tells nobody the address.
    """
    return digest(one_spelling(address), size=12, key=salt)


#: The texts that a person may have, and how many characters each may hold.
LENGTHS: Final[Mapping[str, int]] = {
    "phone": 32,
    "email": 254,
    "first_name": 200,
    "last_name": 200,
    "location": 200,
    "preferred_product": 200,
    "external_id": 200,
    "zone": 64,
}
MOST_ATTRIBUTES: Final = 100
ATTRIBUTE_LENGTH: Final = 1000
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ATTRIBUTE_NAME: Final = re.compile(r"\w[\w .-]{0,63}")


def read_details(row: Mapping[str, Any], *, country: str = "") -> Details:
    """Check what is said of a person; null says what "" says.

    `country` is where a phone number without a plus is dialled. Raises InvalidFieldError, which
    names the field as it was written and the rule it breaks.
    """
    details: Details = {}
    for written, value in row.items():
        name = ALIASES.get(written, written)
        read = _read(name, written, value, country)
        if details.get(name, read[name]) != read[name]:
            raise InvalidFieldError(written, f"{written}: contradicts {name}")
        details |= read
    return details


def _read(name: str, written: str, value: Any, country: str) -> Details:
    match name:
        case "phone":
            return _phone(_text(name, written, value), country)
        case "email":
            return {name: read_email(_text(name, written, value))}
        case "zone":
            return {name: _zone(_text(name, written, value))}
        case "active":
            return {name: _active(value)}
        case "attributes":
            return {name: _attributes(value)}
        case _ if name in LENGTHS:
            return {name: _text(name, written, value)}
        case _:
            unknown = _quotable(written)
            raise InvalidFieldError(unknown, f"{unknown}: is not a field of a contact")


def _text(name: str, written: str, value: Any) -> str:
    text = "" if value is None else _checked(written, value, LENGTHS[name])
    # Around a number nothing that is hidden matters: it is no part of it.
    if name != "phone" and (hidden := hidden_in_name(text)):
        rule = f"must not hold control characters or marks of direction ({hidden})"
        raise InvalidFieldError(written, f"{written}: {rule}")
    return text


def _checked(field_name: str, value: Any, longest: int) -> str:
    if not isinstance(value, str):
        raise InvalidFieldError(field_name, f"{field_name}: must be text")
    text = value.strip()
    if len(text) > longest:
        raise InvalidFieldError(field_name, f"{field_name}: has more than {longest} characters")
    if text != _quotable(text, longest):
        raise InvalidFieldError(field_name, f"{field_name}: is not valid Unicode")
    if not text.isprintable() and has_controls(text):
        raise InvalidFieldError(field_name, f"{field_name}: holds control characters")
    return text


def has_controls(text: str) -> bool:
    """Tell whether a text holds control characters other than tabs and ends of lines."""
    return _CONTROL.search(text) is not None


def _quotable(text: str, longest: int = 64) -> str:
    """Return the beginning of what somebody wrote, without halves of characters (surrogates)."""
    return text[:longest].encode(errors="replace").decode()


def _phone(text: str, country: str) -> Details:
    if not text:
        return {"phone": ""}
    try:
        phone = parse_phone(text, country=country)
    except InvalidPhoneError as error:
        raise InvalidFieldError("phone", f"phone: {error}") from None
    return {"phone": phone.e164, "region": phone.region, "zones": phone.zones}


def _zone(text: str) -> str:
    if text:
        check_zone("zone", text)
    return text


def _active(value: Any) -> bool:
    if value is None:
        return True
    if not isinstance(value, bool):
        raise InvalidFieldError("active", "active: must be true or false")
    return value


def _attributes(value: Any) -> dict[str, str] | None:
    """Return the attributes that are said, "" for those to be removed; None removes all."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise InvalidFieldError("attributes", "attributes: must be names and their texts")
    return {name.strip(): _attribute(name.strip(), text) for name, text in value.items()}


def _attribute(name: str, value: Any) -> str:
    named = f"attributes.{_quotable(name)}"
    if not _ATTRIBUTE_NAME.fullmatch(name):
        rule = "a name is 1 to 64 letters, digits, blanks, dots, hyphens and underscores"
        raise InvalidFieldError(named, f"{named}: {rule}")
    if name in _NAMES or name in ALIASES:
        raise InvalidFieldError(named, f"{named}: is a field of its own")
    return "" if value is None else _checked(named, value, ATTRIBUTE_LENGTH)


def identity(details: Details) -> str:
    """Return the address that a person is known by: the phone number, else the e-mail address.

    Raises InvalidFieldError where they have neither.
    """
    address: str = details.get("phone") or details.get("email") or ""
    if not address:
        raise InvalidFieldError("phone", "phone: is required where there is no email")
    return address


def new_contact(id_: str, details: Details, *, now: datetime, imported_by: str = "") -> Contact:
    """Return the contact that these details make. Raises InvalidFieldError without an address."""
    identity(details)
    zone = details.get("zone")
    own = {name: value for name, value in details.items() if name in _PLAIN}
    return Contact(
        id=id_,
        phone=details.get("phone", ""),
        region=details.get("region", ""),
        zones=(zone,) if zone else details.get("zones", NO_ZONES),
        attributes=_merge({}, details.get("attributes")),
        created_at=now,
        updated_at=now,
        imported_by=imported_by,
        **own,
    )


def changed(contact: Contact, details: Details, *, now: datetime) -> Contact:
    """Return the contact with these details merged in; the same one where nothing changes.

    What is not named stays, attribute by attribute (as in RFC 7396). Raises InvalidFieldError
    where they name another address than the contact is known by.
    """
    return _stamped(contact, _merged(contact, details), now)


def replaced(contact: Contact, details: Details, *, now: datetime) -> Contact:
    """Return the contact with these details and no others, but for the address it is known by.

    The same one where nothing changes. Raises InvalidFieldError as `changed` does.
    """
    blank = Contact(
        id=contact.id,
        phone=contact.phone,
        email="" if contact.phone else contact.email,
        region=contact.region,
        zones=contact.zones,
        created_at=contact.created_at,
        updated_at=contact.updated_at,
        imported_by=contact.imported_by,
        list_pages=contact.list_pages,
    )
    return _stamped(contact, _merged(blank, {"zone": "", **details}), now)


def _stamped(before: Contact, after: Contact, now: datetime) -> Contact:
    return before if after == before else replace(after, updated_at=now)


def _merged(contact: Contact, details: Details) -> Contact:
    _check_identity(contact, details)
    changes = {name: value for name, value in details.items() if name in _PLAIN}
    if details.get("phone"):
        changes["phone"] = details["phone"]  # the same number, maybe in another spelling
    if "attributes" in details:
        changes["attributes"] = _merge(contact.attributes, details["attributes"])
    if "zone" in details:
        changes["zones"] = _zones(contact, details["zone"])
    return replace(contact, **changes)


_PLAIN: Final = (LENGTHS.keys() - {"phone"}) | {"active"}


def _check_identity(contact: Contact, details: Details) -> None:
    for name in ("phone",) if contact.phone else ("phone", "email"):
        known = getattr(contact, name)
        if one_spelling(details.get(name, known)) != one_spelling(known):
            rule = "a contact is known by its address; make another contact for another one"
            raise InvalidFieldError(name, f"{name}: cannot be changed: {rule}")


def _merge(attributes: Mapping[str, str], said: Mapping[str, str] | None) -> dict[str, str]:
    if said is None:
        return {}
    merged = {name: text for name, text in {**attributes, **said}.items() if text}
    if len(merged) > MOST_ATTRIBUTES:
        rule = f"attributes: a contact has at most {MOST_ATTRIBUTES}"
        raise InvalidFieldError("attributes", rule)
    return merged


def _zones(contact: Contact, zone: str) -> tuple[str, ...]:
    """Return the zone that was said, else those of the number."""
    if zone:
        return (zone,)
    return parse_phone(contact.phone).zones if contact.phone else NO_ZONES


#: What stands for the address of somebody who was erased.
ERASED: Final = "erased"
_ERASING: Final = "erasing"


def emptied(id_: str, *, now: datetime) -> dict[str, Any]:
    """Return what is stored of somebody while they are being erased: nothing that tells who."""
    empty = Contact(id=id_, active=False, created_at=now, updated_at=now)
    return {**contact_fields(empty), _ERASING: True}


def is_being_erased(data: Mapping[str, Any]) -> bool:
    """Tell whether these stored fields are what `emptied` has left."""
    return data.get(_ERASING) is True
