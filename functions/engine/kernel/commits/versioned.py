"""A thing and the version at which the store held it."""

from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Versioned(NamedTuple, Generic[T]):
    """A thing as it was read or written, and its version then: 0 where it is not stored."""

    value: T
    version: int
