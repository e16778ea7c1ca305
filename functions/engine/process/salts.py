"""The secret salts that ids of people are made with, as this process remembers them.

Without a salt of the organisation's own, anybody who sees an id could try all phone numbers until
one has it, and see in two organisations that they know the same person.
"""

from secrets import token_bytes
from typing import Final

from functions.engine import paths
from functions.engine.ports.store import ConflictError, Create, Store

_BYTES: Final = 32
#: Organisations remembered at a time; the cache begins anew beyond that.
_ORGS: Final = 10_000


class Salts:
    """The salt of each organisation: made once, stored, never changed and never shown."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    async def of(self, store: Store, org: str) -> bytes:
        """Return an organisation's salt; one read in the life of this process."""
        known = self._known.get(org)
        if known is None:
            known = await _stored(store, org)
            if len(self._known) >= _ORGS:
                self._known.clear()
            self._known[org] = known
        return known


async def _stored(store: Store, org: str) -> bytes:
    """Return the salt that is stored; whoever is first to ask makes it."""
    path = paths.salt(org)
    document = await store.get(path)
    if document is not None:
        return bytes.fromhex(document.data["salt"])
    made = token_bytes(_BYTES)
    try:
        await store.commit(Create(path, {"salt": made.hex()}))
    except ConflictError:  # somebody else was faster, and theirs is everybody's
        return await _stored(store, org)
    return made
