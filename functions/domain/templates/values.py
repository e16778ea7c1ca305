"""What a template sees of a person: plain data, of a size that cannot hold up a rendering."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from functions.domain.templates.errors import TemplateLimitError

MAX_ITEMS: Final = 1000  #: entries of all lists and maps within one field
MAX_DEPTH: Final = 5  #: lists and maps within each other
MAX_NUMBER: Final = 10**18
MAX_OUTPUT: Final = 200_000  #: characters printed, those of {% capture %} included
#: A list is as large as its texts, and so many characters for each entry.
ITEM_SIZE: Final = 16


def is_missing(value: object) -> bool:
    """Tell whether a field with this value counts as one that the person does not have."""
    return value is None or (isinstance(value, str) and not value)


def is_blank(value: object) -> bool:
    """Tell whether the filter `default` replaces this value."""
    return value is None or value is False or (isinstance(value, (str, list, dict)) and not value)


def plain(value: object) -> Any:
    """Return the value as text, number, bool, None, or lists and dicts of these.

    Dates become ISO 8601, everything else its text: no template ever holds an object of ours.
    Raises TemplateLimitError for a value that is too large.
    """
    return _plain(value, MAX_DEPTH, [MAX_ITEMS])


def _plain(value: object, depth: int, room: list[int]) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)  # markup and enums lose what makes them more than text
    if isinstance(value, (int, float)):
        return check_number(value)
    if isinstance(value, Mapping):
        _take_room(len(value), depth, room)
        return {str(key): _plain(item, depth - 1, room) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        _take_room(len(value), depth, room)
        return [_plain(item, depth - 1, room) for item in value]
    return value.isoformat() if isinstance(value, date) else str(value)


def _take_room(items: int, depth: int, room: list[int]) -> None:
    room[0] -= items
    if depth == 0 or room[0] < 0:
        raise TemplateLimitError(
            f"a field holds more than {MAX_ITEMS} entries, or lists more than {MAX_DEPTH} deep"
        )


def check_number(value: float) -> float:
    """Return a number of ordinary size. Raises TemplateLimitError for any other, and for NaN."""
    if not abs(value) <= MAX_NUMBER:
        raise TemplateLimitError(f"a number lies beyond {MAX_NUMBER}")
    return value


def check_output(length: int) -> None:
    """Refuse to print so many characters. Raises TemplateLimitError."""
    if length > MAX_OUTPUT:
        raise TemplateLimitError(f"it prints more than {MAX_OUTPUT:,} characters")


def size_of(value: object) -> int:
    """Return how large a plain value is, in characters."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, (list, tuple)):
        return sum(ITEM_SIZE + size_of(item) for item in value)
    if isinstance(value, dict):
        return sum(ITEM_SIZE + size_of(item) for item in value.values())
    return 0


def text_of(value: object) -> str:
    """Return what a template prints for a plain value; nothing for a map."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "".join(text_of(item) for item in value)
    return ""
