"""Parts: what a store does not take at once, piece by piece, in its order."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def in_parts(
    items: Iterable[T], size_of: Callable[[T], int], *, largest: int, most: int | None = None
) -> Iterator[list[T]]:
    """Yield items in parts no larger than `largest` together, with `most` of them at most.

    An item that is larger by itself is a part of its own.
    """
    part: list[T] = []
    held = 0
    for item in items:
        size = size_of(item)
        if part and (len(part) == most or held + size > largest):
            yield part
            part, held = [], 0
        part.append(item)
        held += size
    if part:
        yield part
