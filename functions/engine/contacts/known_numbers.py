"""Whom a provider means by a number: in its spelling, or by a number of its own for the person."""

from collections.abc import Sequence

from functions.domain.contacts.contact import ERASED, contact_id
from functions.domain.contacts.number_spellings import one_spelling
from functions.domain.contacts.provider_numbers import readings
from functions.domain.errors import InvalidFieldError
from functions.domain.messages.ids import alias_key
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.people import salt_of
from functions.engine.ports.store import Document, Query, Where

#: A provider's ids are its own: two of them may have given the same one to a message each.
_SAME_ID = 10


async def addresses_of(engine: Engine, org: str, named: str, *, field: str) -> list[str]:
    """Return every address of whoever a provider names so; the one that we know comes first.

    Raises InvalidFieldError, of `field`, where it is no number.
    """
    address = await likeliest(engine, org, named)
    if not address:
        rule = "must be a number as a provider writes it, such as whatsapp:+5215512345678 or 12345"
        raise InvalidFieldError(field, f"{field}: {rule}")
    ours = await ours_for(engine, org, address)
    return [address] if one_spelling(ours) == one_spelling(address) else [ours, address]


async def likeliest(engine: Engine, org: str, named: str, *, near: str = "") -> str:
    """Return the address that a provider means, in doubt that of somebody whom we know.

    `near` is our own number, which national ones are like; "" where this is no number.
    """
    possible = readings(named, near=near)
    known = await _known_among(engine, org, possible) if len(possible) > 1 else []
    return next(iter([*known, *possible]), "")


async def ours_for(engine: Engine, org: str, address: str) -> str:
    """Return our number for whoever a provider knows by this one: the same where it told none."""
    sent = await sent_with(engine, org, "alias", alias_key(org, address))
    return sent.data["address"] if sent else address


async def sent_with(engine: Engine, org: str, field: str, value: str) -> Document | None:
    """Return a message to somebody who was not erased, by its `quotable_id` or its `alias`."""
    query = Query("messages", (Where(field, "==", value),), limit=_SAME_ID, group=True)
    found = await engine.store.query(query)
    return next((d for d in found if d.org == org and d.data["address"] != ERASED), None)


async def _known_among(engine: Engine, org: str, addresses: Sequence[str]) -> list[str]:
    """Return the addresses at which somebody is known, or was written to."""
    salt = await salt_of(engine, org)
    people = [paths.contact(org, contact_id(salt, address)) for address in addresses]
    contacts = await engine.store.get_many(people)
    found = [address for address, each in zip(addresses, contacts, strict=True) if each]
    for address, person in zip(addresses, people, strict=True):
        where = (Where("contact", "==", person),)
        sent = Query("messages", where, ("-created_at",), limit=1, group=True)
        if not found and await engine.store.query(sent):
            found.append(address)
    return found
