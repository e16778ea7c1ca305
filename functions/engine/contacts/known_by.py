"""Whose an address is: a contact's who has it, or somebody's whom nobody has stored."""

from collections.abc import Collection
from typing import Final

from functions.engine import paths
from functions.engine.kernel.concurrency import for_each
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.people import id_of
from functions.engine.ports.store import Query, Where

#: E-mail addresses that are looked for at a time.
_AT_ONCE: Final = 20


async def ids_of(engine: Engine, org: str, addresses: Collection[str]) -> dict[str, str]:
    """Return the id of whoever has each address (E.164, or e-mail in lower case).

    A contact's id is made of their number, where they have one: who has a mail address that is in
    nobody's id is looked for.
    """
    ids = {address: await id_of(engine, org, address) for address in addresses}
    mails = [address for address in ids if "@" in address]
    found = await engine.store.get_many([paths.contact(org, ids[each]) for each in mails])
    unknown = [mail for mail, contact in zip(mails, found, strict=True) if contact is None]

    async def look_for(mail: str) -> None:
        for contact in await engine.store.query(who_has(org, mail, limit=1)):
            ids[mail] = contact.id

    await for_each(unknown, look_for, at_once=_AT_ONCE)
    return ids


def who_has(org: str, mail: str, *, limit: int) -> Query:
    """Return the query for the contacts who have a mail address, the newest first."""
    where = (Where("email", "==", mail),)
    return Query(paths.contacts(org), where, ("-created_at",), limit=limit)
