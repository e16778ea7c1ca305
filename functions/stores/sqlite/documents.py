"""Documents as JSON text, instants included, and field values as SQLite's columns hold them.

An instant is a string behind a tag; a string that begins with the tag has it doubled.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

from functions.engine.ports.store import Fields, StoreError

_TAG = "@"
_TAGGED = f'"{_TAG}'  #: stands in the JSON of every document that holds a tag
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PLAIN = frozenset((bool, type(None)))
_COLUMNS = frozenset((str, int, float, bool, type(None)))
_LARGEST = 2**63 - 1  # of both stores; JSON would hold more

Column = str | int | float | None


def encode(data: Fields) -> str:
    """Return the JSON of a document. Raises StoreError for a value that no document can hold."""
    return dump(pack(data))


def pack(data: Fields) -> dict[str, Any]:
    """Return the document as values of JSON."""
    return {
        name: value
        if type(value) in _PLAIN or (type(value) is str and value[:1] != _TAG)
        else _PACK[type(value)](value)
        for name, value in data.items()
    }


def dump(packed: Mapping[str, Any]) -> str:
    """Return the JSON text of a packed document."""
    try:
        return orjson.dumps(packed).decode()
    except TypeError as error:  # such as half of a surrogate pair
        raise StoreError(f"a document cannot hold this: {error}") from error


def decode(text: str) -> dict[str, Any]:
    """Return the document that `encode` wrote."""
    data: dict[str, Any] = orjson.loads(text)
    tagged = text.count(_TAGGED)  # or fewer: it may stand within a text
    if tagged:
        for name, value in data.items():
            if type(value) is str and value[:1] == _TAG:
                data[name] = _untagged(value)
                tagged -= 1
    if tagged:
        for name, value in data.items():
            if type(value) is list or type(value) is dict:
                data[name] = _unpacked(value)
    return data


def column(value: Any) -> Column:
    """Return a field's value as its column holds it: an instant as microseconds since 1970."""
    if type(value) in _COLUMNS:
        plain: Column = value
        return plain
    if isinstance(value, datetime):
        return _microseconds(value)
    if isinstance(value, str):
        return str(value)
    return value if isinstance(value, int | float) else None


@lru_cache(maxsize=1024)  # a page of messages is due at a few instants
def _microseconds(value: datetime) -> int:
    return (value - _EPOCH) // _MICROSECOND


def _packer(derived: type) -> Callable[[Any], Any]:
    """Return how to pack values of a derived type, such as members of a StrEnum."""
    for kind in (str, int, float, datetime):
        if issubclass(derived, kind):
            return _PACK[kind]
    if issubclass(derived, tuple):
        return _list
    if issubclass(derived, Mapping):
        return pack
    raise StoreError(f"a document cannot hold a {derived.__name__}")


def _same(value: Any) -> Any:
    return value


def _string(value: str) -> str:
    return _TAG + value if value[:1] == _TAG else str(value)


def _integer(value: int) -> int:
    if not -_LARGEST - 1 <= value <= _LARGEST:
        raise StoreError(f"a document cannot hold {value}: it has more than 64 bits")
    return int(value)


def _list(value: Sequence[Any]) -> list[Any]:
    return [item if type(item) is str and item[:1] != _TAG else _element(item) for item in value]


def _element(value: Any) -> Any:
    if isinstance(value, list | tuple):
        raise StoreError(f"a list cannot hold a list: {value!r}")
    return _PACK[type(value)](value)


@lru_cache(maxsize=1024)
def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise StoreError(f"an instant needs a time zone: {value!r}")
    return _TAG + value.astimezone(UTC).isoformat()


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise StoreError(f"a document cannot hold {value}")
    return value


class _Packers(dict[type, Callable[[Any], Any]]):
    """How to pack values of each type; that of a derived type is found when one is first met."""

    def __missing__(self, kind: type) -> Callable[[Any], Any]:
        self[kind] = _packer(kind)
        return self[kind]


_PACK = _Packers(
    {
        type(None): _same,
        bool: _same,
        str: _string,
        int: _integer,
        float: _finite,
        datetime: _instant,
        dict: pack,
        list: _list,
    }
)


def _unpacked(value: Any) -> Any:
    if type(value) is str:
        return _untagged(value) if value[:1] == _TAG else value
    if type(value) is list:
        return [
            item if type(item) is str and item[:1] != _TAG else _unpacked(item) for item in value
        ]
    if type(value) is dict:
        return {name: _unpacked(item) for name, item in value.items()}
    return value


def _untagged(text: str) -> str | datetime:
    return text[1:] if text[1:2] == _TAG else datetime.fromisoformat(text[1:])
