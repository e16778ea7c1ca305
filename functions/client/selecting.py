"""Which records a getter returns, and in which order."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from functions.domain.errors import InvalidFieldError

#: Fields by name, each with ASC or DESC: [("subject", "ASC"), ("expected_at", "DESC")].
Order: TypeAlias = Sequence[tuple[str, str]]
_Record = TypeVar("_Record", bound=NamedTuple)
_DIRECTIONS: Final = ("ASC", "DESC")


async def selected(
    records: AsyncIterator[_Record], kind: type[_Record], *, limit: int, order: Order
) -> list[_Record]:
    """Return `limit` records, the first ones that are read, or of all the first by an order.

    Raises InvalidFieldError for a limit below 1, and an order by what the records do not have.
    """
    if limit < 1:
        raise InvalidFieldError("limit", "limit: must be 1 or more")
    _check(order, kind)
    found: list[_Record] = []
    async for record in records:
        found.append(record)
        if not order and len(found) == limit:
            break
    for name, direction in reversed(order):
        found.sort(key=lambda each: _key(getattr(each, name)), reverse=direction == "DESC")
    return found[:limit]


def _check(order: Order, kind: type[Any]) -> None:
    for pair in order:
        if isinstance(pair, str) or len(pair) != 2:  # noqa: PLR2004
            raise InvalidFieldError("order", 'order: must be pairs, such as [("subject", "ASC")]')
        name, direction = pair
        if name not in kind._fields:
            has = f"no such field; there are {', '.join(kind._fields)}"
            raise InvalidFieldError("order", f"order: {name} is {has}")
        if direction not in _DIRECTIONS:
            raise InvalidFieldError("order", f"order: must be ASC or DESC, not {direction!r}")


def _key(value: Any) -> tuple[bool, Any]:
    """Return what a value is ordered by; what there is not comes last."""
    return (value is None, value if value is not None else 0)
