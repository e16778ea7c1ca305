"""Names of lists: an organisation's lists have different ones.

A name is held by a document of its own, which names the list. It is free again once there is
neither that list nor an import that is still to make it.
"""

from typing import NamedTuple

from functions.domain.digest import digest
from functions.domain.errors import NameTakenError
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Create, Delete, Document, Set, Write


class Holder(NamedTuple):
    """Who holds a name: a list, or an import that is to make one."""

    list_id: str
    exists: bool  #: False: the import has not made the list yet


async def holder_of(engine: Engine, org: str, name: str) -> Holder | None:
    """Return who holds a name, None where it is free."""
    return (await _read(engine, org, name))[1]


async def claim(engine: Engine, org: str, name: str, list_id: str) -> Write:
    """Return the write that gives a name to a list. Raises NameTakenError.

    A commit with it raises ConflictError where somebody was faster.
    """
    document, holder = await _read(engine, org, name)
    if holder is not None and holder.list_id != list_id:
        raise NameTakenError("List", name)
    fields = {"list": list_id}
    if document is None:
        return Create(_path(org, name), fields)
    return Set(document.path, fields, document.version)


def release(org: str, name: str) -> Write:
    """Return the write that frees the name of a list."""
    return Delete(_path(org, name))


def is_named(made: Document) -> bool:
    """Tell whether a list is made to its end: what imports it names it last."""
    return "name" in made.data


async def _read(engine: Engine, org: str, name: str) -> tuple[Document | None, Holder | None]:
    document = await engine.store.get(_path(org, name))
    if document is None:
        return None, None
    id_ = document.data["list"]
    made, job = await engine.store.get_many([paths.list_(org, id_), f"{paths.imports(org)}/{id_}"])
    if made is not None and is_named(made):
        return document, None if made.data.get("deleting") else Holder(id_, exists=True)
    is_coming = job is not None and job.data["ended_at"] is None
    return document, Holder(id_, exists=False) if is_coming else None


def _path(org: str, name: str) -> str:
    return paths.list_name(org, digest(name))
