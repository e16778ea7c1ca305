"""One recipient of a campaign: how it reaches them, or why not."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from functions.domain.campaigns.content import Texts, texts_of
from functions.domain.campaigns.send import Send
from functions.domain.contacts.addresses import address_for, phone_and_email
from functions.domain.contacts.contact import ERASED, Contact, contact_from
from functions.domain.contacts.emails import read_email
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import facts_of
from functions.engine.contacts.member_pages import Kept
from functions.engine.ports.store import Document


class Recipient(NamedTuple):
    """One recipient of a campaign, as it reaches them."""

    contact: str  #: their contact's path
    address: str
    region: str
    zones: Sequence[str]
    values: Mapping[str, str] = {}  #: what templates may use
    texts: Texts | None = None  #: of the earlier campaign's message that a retry repeats
    skip_reason: str = ""  #: why they must not be contacted, "" if they may


def of_contact(send: Send, path: str, contact: Contact) -> Recipient:
    """Return a contact as a send reaches them."""
    address = address_for(send.channel, phone=contact.phone, email=contact.email)
    values = contact.values if any(texts_of(send)) else {}
    reason = "" if address else "no_address"
    return Recipient(path, address, contact.region, contact.zones, values, skip_reason=reason)


def of_message(send: Send, document: Document, known: Mapping[str, Contact]) -> Recipient:
    """Return the recipient of an earlier campaign's message, as `send` reaches them."""
    data = document.data
    path, address = data.get("contact", ""), data["address"]
    if data.get("send") and path in known:
        recipient = of_contact(send, path, known[path])
        return recipient if known[path].active else recipient._replace(skip_reason="inactive")
    reason = "contact_erased" if address == ERASED else ""
    recipient = Recipient(path, address, data["region"], data["zones"], skip_reason=reason)
    if not data.get("send"):
        texts = Texts(**{name: data[name] for name in Texts._fields if name in data})
        return recipient._replace(texts=texts if any(texts) else None)
    phone, email = phone_and_email(address)
    reached = address_for(send.channel, phone=phone, email=email)
    reason = reason or ("" if reached else "no_address")
    return recipient._replace(address=reached, skip_reason=reason)


def of_row(path: str, row: Kept) -> Recipient:
    """Return a list's member, by what the list keeps of them alone; `path` is their contact's."""
    _, address, region, zones, _ = row
    return Recipient(path, address, region, zones, skip_reason="" if address else "no_address")


def of_member(member: Document) -> Recipient:
    """Return a campaign's own recipient, by what it keeps of them alone."""
    data = member.data
    address, reason = data["address"], "" if data["address"] else "no_address"
    zones = data["zones"]
    return Recipient(data["contact"], address, data["region"], zones, skip_reason=reason)


def of_member_and_contact(send: Send, member: Document, contact: Document | None) -> Recipient:
    """Return a member of a list or a campaign; the values of the contact come first."""
    data = member.data
    values = {**data.get("attributes", {}), "phone": data["address"]}
    known = contact_from(contact.id, contact.data) if contact else None
    if known:
        values |= {name: value for name, value in known.values.items() if value}
    address = data["address"]
    if facts_of(send.channel).reached_at != "phone":
        email = _checked_email(values.get("email", ""))
        address = address_for(send.channel, phone=address, email=email)
    reason = "" if address else "no_address"
    if known and not known.active:
        reason = "inactive"
    path = data["contact"]
    return Recipient(path, address, data["region"], data["zones"], values, skip_reason=reason)


def _checked_email(text: str) -> str:
    """Return an address of an uploaded row as a contact's would be stored, "" where it is none."""
    try:
        return read_email(text)
    except InvalidFieldError:
        return ""
