"""Documents in Firestore's protobuf messages.

The generated upb messages are filled directly: the client library's own layers cost five to ten
times as much as the encoding.
"""

import math
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from functions.engine.ports.store import Fields, StoreError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROS = 10**6
_NULL = 0


def fill(fields: MutableMapping[str, Any], data: Fields) -> None:
    """Put a document into a message's map of fields. Raises StoreError for what it cannot hold."""
    for name, value in data.items():
        (_PUT.get(type(value)) or _putter(value))(fields[name], value)


def put(message: Any, value: Any) -> None:
    """Put one value into a Value message."""
    (_PUT.get(type(value)) or _putter(value))(message, value)


def read(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document in a message's map of fields."""
    data = {}
    for name in fields:  # its items() would ask for each value through two more Python calls
        value = fields[name]
        data[name] = _READ[value.WhichOneof("value_type")](value)
    return data


def version(timestamp: Any) -> int:
    """Return an update time as a version: microseconds since 1970, all that Firestore keeps."""
    return int(timestamp.seconds) * _MICROS + int(timestamp.nanos) // 1000


def put_version(timestamp: Any, version: int) -> None:
    """Put a version into a Timestamp message, as the update time that it stands for."""
    timestamp.SetInParent()  # version 0, which no document has, is a version too
    seconds, micros = divmod(version, _MICROS)
    timestamp.seconds, timestamp.nanos = seconds, micros * 1000


def _putter(value: Any) -> Any:
    """Return how to put a value of a derived type, such as a member of a StrEnum."""
    for kind in (str, int, float, datetime):
        if isinstance(value, kind):
            return _PUT[kind]
    if isinstance(value, tuple):
        return _put_list
    if isinstance(value, Mapping):
        return _put_map
    raise StoreError(f"a document cannot hold {type(value).__name__} {value!r}")


def _put_none(message: Any, _: None) -> None:
    message.null_value = _NULL


def _put_bool(message: Any, value: bool) -> None:
    message.boolean_value = value


def _put_string(message: Any, value: str) -> None:
    try:
        message.string_value = value
    except UnicodeEncodeError as error:
        raise StoreError(f"a document cannot hold this: {error}") from error


def _put_integer(message: Any, value: int) -> None:
    try:
        message.integer_value = value
    except ValueError as error:  # more than 64 bits
        raise StoreError(f"a document cannot hold this: {error}") from error


def _put_double(message: Any, value: float) -> None:
    if not math.isfinite(value):
        raise StoreError(f"a document cannot hold {value}")
    message.double_value = value


def _put_instant(message: Any, value: datetime) -> None:
    if value.tzinfo is None:
        raise StoreError(f"an instant needs a time zone: {value!r}")
    passed = value - _EPOCH
    timestamp = message.timestamp_value
    timestamp.seconds = passed.days * 86400 + passed.seconds
    timestamp.nanos = passed.microseconds * 1000


def _put_map(message: Any, value: Fields) -> None:
    message.map_value.SetInParent()  # an empty map is a map too
    fill(message.map_value.fields, value)


def _put_list(message: Any, value: list[Any]) -> None:
    message.array_value.SetInParent()
    add = message.array_value.values.add
    for item in value:
        if isinstance(item, list | tuple):
            raise StoreError(f"a list cannot hold a list: {item!r}")
        put(add(), item)


_PUT: dict[type, Any] = {
    type(None): _put_none,
    bool: _put_bool,
    str: _put_string,
    int: _put_integer,
    float: _put_double,
    datetime: _put_instant,
    dict: _put_map,
    list: _put_list,
}


def _read_none(_: Any) -> None:
    return None


def _read_instant(message: Any) -> datetime:
    timestamp = message.timestamp_value
    return _EPOCH + timedelta(0, timestamp.seconds, timestamp.nanos // 1000)


def _read_map(message: Any) -> dict[str, Any]:
    return read(message.map_value.fields)


def _read_list(message: Any) -> list[Any]:
    return [_READ[item.WhichOneof("value_type")](item) for item in message.array_value.values]


_READ: dict[str, Any] = {
    "null_value": _read_none,
    "boolean_value": attrgetter("boolean_value"),
    "string_value": attrgetter("string_value"),
    "integer_value": attrgetter("integer_value"),
    "double_value": attrgetter("double_value"),
    "timestamp_value": _read_instant,
    "map_value": _read_map,
    "array_value": _read_list,
}
