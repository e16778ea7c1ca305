"""Opaque cursors, and a page of rows."""

import base64
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Generic, TypeVar

import orjson
from fastapi import Query
from pydantic import BaseModel

from functions.domain.errors import InvalidFieldError
from functions.domain.times import instant_from
from functions.engine.ports.store import Document

T = TypeVar("T")

LARGEST_PAGE: Final = 1000
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="How many are returned at most.")]
Cursor = Annotated[str, Query(max_length=2000, description="`next_cursor` of an earlier page.")]
NamePrefix = Annotated[
    str, Query(max_length=100, description="Only those whose names begin so, in any letters.")
]
_INSTANT: Final = "at"
_LARGEST: Final = 2**63 - 1  # of the stores
#: An id that closes a cursor becomes a part of a path: it must not add segments to it, nor be a
#: name that Firestore keeps to itself.
_ID: Final = re.compile(r"(?!\.{1,2}$|__.*__$)[^/\x00]{1,512}", re.DOTALL)


class Page(BaseModel, Generic[T]):
    """Some of all there are; `next_cursor` null: no more follow."""

    data: list[T]
    next_cursor: str | None


def page(rows: Sequence[object], cursor: str | None) -> dict[str, Any]:
    """Return the body of one page; its route's `response_model` tells what is shown of a row."""
    return {"data": rows, "next_cursor": cursor}


def encode_cursor(values: Sequence[Any]) -> str:
    """Return an opaque cursor of field values and, last, an id: never of a path.

    Each value is a text, a number, a truth value, None, or an instant with its zone.
    """
    packed = [_packed(value) for value in values]
    return base64.urlsafe_b64encode(orjson.dumps(packed)).decode().rstrip("=")


def decode_cursor(text: str, *kinds: type) -> tuple[Any, ...]:
    """Return the values of a cursor, () of an empty one. Raises InvalidFieldError("cursor").

    `kinds` are the types of the values that the route's own cursors hold: another route's, or
    one that somebody made up, is refused. The last value is an id: one segment of a path.
    """
    if not text:
        return ()
    try:
        packed = orjson.loads(
            base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        )
        values = tuple(_unpacked(value) for value in packed)
    except (ValueError, TypeError, LookupError, OverflowError):
        raise _bad_cursor() from None
    if not _is_id(values) or (kinds and tuple(map(type, values)) != kinds):
        raise _bad_cursor()
    return values


def after_id(cursor: str) -> str | None:
    """Return the id that a cursor of ids goes on behind, None of an empty one."""
    values = decode_cursor(cursor, str)
    return values[0] if values else None


def id_cursor(following: str | None) -> str | None:
    """Return the cursor that goes on behind an id, None where nothing follows."""
    return None if following is None else encode_cursor([following])


def after_instant(cursor: str) -> tuple[datetime, str] | None:
    """Return the instant and the id that a cursor goes on behind, None of an empty one."""
    values = decode_cursor(cursor, datetime, str)
    return (values[0], values[1]) if values else None


def instant_cursor(found: Sequence[Document], limit: int, *, by: str) -> str | None:
    """Return the cursor behind a full page of documents in the order of an instant's field."""
    return encode_cursor([found[-1].data[by], found[-1].id]) if len(found) == limit else None


def last_cursor(last: Document | None, *, by: str) -> str | None:
    """Return the cursor behind a document in the order of a field; None where none follow."""
    return None if last is None else encode_cursor([last.data[by], last.id])


def _is_id(values: tuple[Any, ...]) -> bool:
    return bool(values) and isinstance(values[-1], str) and bool(_ID.fullmatch(values[-1]))


def _packed(value: Any) -> Any:
    if isinstance(value, datetime):
        return {_INSTANT: value.astimezone(UTC).isoformat()}
    return value


def _unpacked(value: Any) -> Any:
    match value:
        case {"at": str(text)}:
            return instant_from(text)
        case int() if not -_LARGEST - 1 <= value <= _LARGEST:
            raise OverflowError
        case str() | int() | float() | None:
            return value
        case _:
            raise TypeError


def _bad_cursor() -> InvalidFieldError:
    return InvalidFieldError("cursor", "cursor: must be a next_cursor that an earlier page gave")
