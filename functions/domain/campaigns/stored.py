"""Records that are stored as maps within a campaign's document."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def record(kind: Callable[..., T], data: Mapping[str, Any]) -> T:
    """Rebuild a NamedTuple from its stored fields; a newer version's fields are left out."""
    names = kind.__annotations__
    return kind(**{name: value for name, value in data.items() if name in names})


def record_or_none(kind: Callable[..., T], data: Mapping[str, Any] | None) -> T | None:
    """Rebuild a NamedTuple that may be missing."""
    return None if data is None else record(kind, data)
