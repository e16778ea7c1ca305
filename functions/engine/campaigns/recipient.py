"""One recipient of a campaign: how it reaches them, or why not."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.content import Texts, texts_of
from functions.domain.contacts.addresses import address_for, phone_and_email
from functions.domain.contacts.contact import ERASED, Contact, contact_from, read_email
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import facts_of
from functions.engine import paths
from functions.engine.ports.store import Document


class Person(NamedTuple):
    """Somebody to be contacted."""

    contact: str  #: their contact's path
    address: str
    region: str
    zones: Sequence[str]
    values: Mapping[str, str] = {}  #: what a template may say of them
    said: Texts | None = None  #: what they were to be told by the campaign that this one repeats
    bar: str = ""  #: why they must not be contacted


def of_contact(campaign: Campaign, path: str, contact: Contact) -> Person:
    """Return the person whom a campaign reaches in a contact."""
    address = address_for(campaign.channel, phone=contact.phone, email=contact.email)
    bar = "" if address else "no_address"
    values = contact.values if any(texts_of(campaign)) else {}
    return Person(path, address, contact.region, contact.zones, values, bar=bar)


def of_message(campaign: Campaign, document: Document, known: Mapping[str, Contact]) -> Person:
    """Return the person to whom an earlier campaign's message was, as `campaign` reaches them."""
    data = document.data
    path, address = data.get("contact", ""), data["address"]
    if data.get("step") and path in known:
        person = of_contact(campaign, path, known[path])
        return person if known[path].active else person._replace(bar="inactive")
    bar = "contact_erased" if address == ERASED else ""
    said = Texts(**{name: data[name] for name in Texts._fields if name in data})
    person = Person(path, address, data["region"], data["zones"], bar=bar)
    if not data.get("step"):
        return person._replace(said=said if any(said) else None)
    phone, email = phone_and_email(address)
    reached = address_for(campaign.channel, phone=phone, email=email)
    return person._replace(address=reached, bar=bar or ("" if reached else "no_address"))


def of_member(org: str, document: Document) -> Person:
    """Return a list's member, by what the list knows alone."""
    data = document.data
    path, bar = paths.contact(org, document.id), "" if data["address"] else "no_address"
    return Person(path, data["address"], data["region"], data["zones"], bar=bar)


def of_member_and_contact(campaign: Campaign, member: Document, contact: Document | None) -> Person:
    """Return a list's member; what the contact says now comes before what the list's row said."""
    data = member.data
    values = {**data["attributes"], "phone": data["address"]}
    known = contact_from(contact.id, contact.data) if contact else None
    if known:
        values |= {name: value for name, value in known.values.items() if value}
    address = data["address"]
    if facts_of(campaign.channel).reached_at != "phone":
        email = _checked_email(values.get("email", ""))
        address = address_for(campaign.channel, phone=address, email=email)
    bar = "" if address else "no_address"
    if known and not known.active:
        bar = "inactive"
    path = paths.contact(campaign.org, member.id)
    return Person(path, address, data["region"], data["zones"], values, bar=bar)


def _checked_email(text: str) -> str:
    """Return an address of an uploaded row as a contact's would be stored, "" where it is none."""
    try:
        return read_email(text.strip())
    except InvalidFieldError:
        return ""
