"""ETag and If-Match."""

import re
from typing import Annotated, Final

from fastapi import Depends, Header
from fastapi.responses import Response

from functions.domain.errors import InvalidFieldError

#: As many digits as a version can have: the stores count commits, or microseconds since 1970.
#: What answers say behind it (middleware/conditional.py) is of what was shown, not of the thing.
_TAG: Final = re.compile(r'"(0|[1-9][0-9]{0,16})(?:-[0-9a-f]{16})?"')


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
