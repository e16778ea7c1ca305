"""JSON bodies are whole text: JSON can write half of a character, which nothing can store."""

import json
import re
from typing import Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from functions.domain.plain_text import half_character_in
from functions.web.context import Handle

#: How a half is written: escaped, or as the bytes that it would have in UTF-8.
_SUSPECT: Final = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")


def requiring_whole_text(handle: Handle) -> Handle:
    """Return the handler of requests with a JSON body, which refuses halves of characters."""

    async def handle_whole(request: Request) -> Response:
        body = await request.body()
        if _SUSPECT.search(body):
            _check(body)
        return await handle(request)

    return handle_whole


def _check(body: bytes) -> None:
    try:
        place = half_character_in(json.loads(body))
    except (ValueError, RecursionError):
        return  # whoever reads it for good says what is wrong with it
    if place is not None:
        message = "is not valid Unicode: it holds half of a character (a lone surrogate)"
        loc = ("body", *place)
        raise RequestValidationError([{"loc": loc, "type": "string_unicode", "msg": message}])
