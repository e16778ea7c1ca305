"""JSON bodies are whole text: JSON can write half of a character, which nothing can store."""

import json
import re
from typing import Final

from fastapi.exceptions import RequestValidationError

from functions.domain.plain_text import half_character_in

#: How a half is written: escaped, or as the bytes that it would have in UTF-8.
_SUSPECT: Final = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")


def require_whole_text(body: bytes) -> None:
    """Raise RequestValidationError where a body of JSON holds half of a character."""
    # To look for one byte or two is many times as fast, and tells of nearly all bodies.
    if (b"\xed" not in body and b"\\u" not in body) or not _SUSPECT.search(body):
        return
    try:
        place = half_character_in(json.loads(body))
    except (ValueError, RecursionError):
        return  # whoever reads it for good says what is wrong with it
    if place is not None:
        message = "is not valid Unicode: it holds half of a character (a lone surrogate)"
        loc = ("body", *place)
        raise RequestValidationError([{"loc": loc, "type": "string_unicode", "msg": message}])
