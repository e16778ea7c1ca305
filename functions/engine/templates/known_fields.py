"""Which attributes people have, as far as a text asks for them."""

import re
from collections.abc import Iterable
from typing import Final

from functions.domain.contacts.contact import ATTRIBUTE, contact_from
from functions.domain.templates.template import Template
from functions.domain.templates.words import is_field_like, printed_words, unknown_fields
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Query, Where

_LOOKED_AT: Final = 100  #: contacts whose attributes are read
_MOST_ASKED: Final = 5  #: names that are looked for among all contacts
#: Names of attributes that every store can look for.
_ASKABLE: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


def asked_for(parts: Iterable[Template]) -> set[str]:
    """Return the names that texts ask for, or seem to, beside the fields of all contacts."""
    return {
        name
        for part in parts
        for name in (*unknown_fields(part, ()), *(word.name for word in printed_words(part)))
    }


async def known_attributes(engine: Engine, org: str, parts: Iterable[Template]) -> frozenset[str]:
    """Return the attributes of some contacts, and those that texts ask for and anybody has.

    Reads nothing where no text asks for one.
    """
    asked = asked_for(parts)
    if not asked:
        return frozenset()
    some = await engine.store.query(Query(paths.contacts(org), limit=_LOOKED_AT))
    seen = {name for each in some for name in contact_from(each.id, each.data).attributes}
    if len(some) < _LOOKED_AT:
        return frozenset(seen)
    rare = sorted(name for name in asked - seen if is_field_like(name) and _ASKABLE.fullmatch(name))
    found = [name for name in rare[:_MOST_ASKED] if await _is_attribute(engine, org, name)]
    return frozenset({*seen, *found})


async def _is_attribute(engine: Engine, org: str, name: str) -> bool:
    field = f"{ATTRIBUTE}{name}"
    query = Query(paths.contacts(org), (Where(field, ">", ""),), order_by=(field,), limit=1)
    return bool(await engine.store.query(query))
