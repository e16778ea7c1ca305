"""What every route of the REST API shares: its class, bodies, entity tags and cursor pages."""

import base64
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Final

import orjson
from fastapi import Depends, Header, Query
from fastapi.params import Form
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from functions.api import idempotency
from functions.api.house import CallerFirst, Handle
from functions.api.openapi import with_problems
from functions.domain.errors import InvalidFieldError


class RestBody(BaseModel):
    """A request body: members in snake_case, none that we do not know (docs/decisions/0006)."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


class Rest(CallerFirst):
    """A route of the REST API: its errors are problem documents, its POSTs take a key.

    `Idempotency-Key` on a POST makes repeating it harmless (functions/api/idempotency.py).
    """

    tells_problems: ClassVar[bool] = True

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **with_problems(options))

    def guarded(self, handle: Handle) -> Handle:
        """Return the handler; a POST with a key goes through what is known of that key."""
        form = self.body_field is not None and isinstance(self.body_field.field_info, Form)
        return idempotency.guarded(handle, form=form)


# --- Entity tags -----------------------------------------------------------------------------

#: As many digits as a version can have: the stores count commits, or microseconds since 1970.
_TAG: Final = re.compile(r'"(0|[1-9][0-9]{0,16})"')


async def _if_match(
    tag: Annotated[
        str | None,
        Header(alias="If-Match", description="The ETag of what is to be changed, or `*`."),
    ] = None,
) -> int | None:
    if tag is None or tag.strip() == "*":
        return None
    if not (found := _TAG.fullmatch(tag.strip())):
        raise InvalidFieldError(
            "If-Match", "If-Match: must be one ETag as an earlier answer gave it, or *"
        )
    return int(found[1])


#: The version that the caller has seen; None where any will do.
IfMatch = Annotated[int | None, Depends(_if_match)]


def tag(response: Response, version: int) -> None:
    """Name the version that is answered, for a later If-Match."""
    response.headers["etag"] = f'"{version}"'


# --- Pages -----------------------------------------------------------------------------------

Limit = Annotated[int, Query(ge=1, le=1000, description="How many are returned at most.")]
Cursor = Annotated[str, Query(max_length=2000, description="`next_cursor` of an earlier page.")]

_INSTANT: Final = "at"
_LARGEST: Final = 2**63 - 1  # of the stores
#: An id that closes a cursor becomes a part of a path: it must not add segments to it, nor be a
#: name that Firestore keeps to itself.
_ID: Final = re.compile(r"(?!\.{1,2}$|__.*__$)[^/\x00]{1,512}", re.DOTALL)


def page(rows: list[Any], cursor: str | None) -> dict[str, Any]:
    """Return the body of one page; `cursor` None says that no more follow."""
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
        packed = orjson.loads(base64.b64decode(_padded(text), altchars=b"-_", validate=True))
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


def _is_id(values: tuple[Any, ...]) -> bool:
    return bool(values) and isinstance(values[-1], str) and bool(_ID.fullmatch(values[-1]))


def _packed(value: Any) -> Any:
    if isinstance(value, datetime):
        return {_INSTANT: value.astimezone(UTC).isoformat()}
    return value


def _unpacked(value: Any) -> Any:
    match value:
        case {"at": str(text)}:
            at = datetime.fromisoformat(text)
            return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        case int() if not -_LARGEST - 1 <= value <= _LARGEST:
            raise OverflowError
        case str() | int() | float() | None:
            return value
        case _:
            raise TypeError


def _padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)


def _bad_cursor() -> InvalidFieldError:
    return InvalidFieldError("cursor", "cursor: must be a next_cursor that an earlier page gave")
