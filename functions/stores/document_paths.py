"""What a document's path says: its collection, the name of that collection, and the id."""

from functools import lru_cache
from typing import NamedTuple

from functions.engine.ports.store import StoreError


class Place(NamedTuple):
    """Where a document lies."""

    collection: str  #: the whole path of its collection
    id: str


def place(path: str) -> Place:
    """Split a document's path. Raises StoreError where it is not one."""
    collection, _, id_ = path.rpartition("/")
    if not id_ or not _is_collection(collection):
        raise StoreError(f"{path!r} is no path of a document")
    return Place(collection, id_)


def collection_name(collection: str) -> str:
    """Return the name that a collection shares with its like under other documents."""
    return collection.rpartition("/")[2]


@lru_cache(maxsize=1024)
def _is_collection(path: str) -> bool:
    segments = path.split("/")
    return len(segments) % 2 == 1 and all(segments)
