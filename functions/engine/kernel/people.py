"""Ids of people: what somebody with an address is called in one organisation."""

from functions.domain.contacts.contact import contact_id
from functions.engine import paths
from functions.engine.kernel.engine import Engine


async def salt_of(engine: Engine, org: str) -> bytes:
    """Return the secret that an organisation's ids of people are made with: never to be shown."""
    return await engine.memory.salts.of(engine.store, org)


async def id_of(engine: Engine, org: str, address: str) -> str:
    """Return the id of whoever is known by an address, whether they are stored or not."""
    return contact_id(await salt_of(engine, org), address)


async def subject_id(engine: Engine, org: str, subject: str) -> str:
    """Return the id of whoever callers call so: never that of a contact."""
    return contact_id(await salt_of(engine, org), f"subject {subject}")


async def path_of(engine: Engine, org: str, address: str) -> str:
    """Return the path of the contact who is known by an address, whether stored or not."""
    return paths.contact(org, await id_of(engine, org, address))
