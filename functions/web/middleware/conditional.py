"""`ETag` and `If-None-Match`: what has not changed since it was read is not sent again.

RFC 9110, 8.8.3 and 13.1.2. A thing's tag is its version, which a later If-Match names, and a
digest of what is shown of it: that may change with a caller's role or with counts kept elsewhere.
A list has no version, and its tag is a weak one.
"""

import re
from hashlib import blake2b
from http import HTTPStatus
from json import JSONDecoder
from typing import Final

from fastapi import Request
from fastapi.responses import Response

from functions.domain.errors import InvalidFieldError

_HEADER: Final = "If-None-Match"
_TAG: Final = re.compile(r'(?:W/)?("[^"]*")')
_DIGEST_BYTES: Final = 8
_WARNINGS: Final = b'{"warnings":'
_DECODER: Final = JSONDecoder()
#: Kept by the caller alone, who asks each time whether it still holds.
_KEPT: Final = "private, no-cache"


def require_read(request: Request) -> None:
    """Raise InvalidFieldError where If-None-Match comes with a change."""
    if _HEADER in request.headers and request.method != "GET":
        raise InvalidFieldError(
            _HEADER, f"{_HEADER}: goes with GET and HEAD only; If-Match guards a change"
        )


def tagged(request: Request, response: Response) -> Response:
    """Return the response with its tag, or the word that the caller has it already (304)."""
    body, version = getattr(response, "body", None), response.headers.get("etag")
    is_read = request.method == "GET" and response.status_code == HTTPStatus.OK
    if body is None or not (is_read or version) or _is_secret(response):
        return response
    tag = _tag(bytes(body), version)
    response.headers["etag"] = tag
    if not is_read:
        return response
    response.headers.setdefault("cache-control", _KEPT)
    if not _is_known(request.headers.get(_HEADER, ""), tag):
        return response
    kept = {name: response.headers[name] for name in ("etag", "cache-control")}
    return Response(None, HTTPStatus.NOT_MODIFIED, kept)


def _is_secret(response: Response) -> bool:
    return "no-store" in response.headers.get("cache-control", "")


def _tag(body: bytes, version: str | None) -> str:
    digest = blake2b(_lasting(body), digest_size=_DIGEST_BYTES).hexdigest()
    return f'W/"{digest}"' if version is None else f'"{version.strip(chr(34))}-{digest}"'


def _lasting(body: bytes) -> bytes:
    """Return what a later read would show as well: doubts about a change are told once.

    They are the first member of an answer that has them (api/warnings.py).
    """
    if not body.startswith(_WARNINGS):
        return body
    text = body.decode()
    _, end = _DECODER.raw_decode(text, len(_WARNINGS))
    return b"{" + text[end:].removeprefix(",").encode()


def _is_known(tags: str, tag: str) -> bool:
    """Tell whether a tag is among those that the caller has, strong or weak."""
    return tags.strip() == "*" or tag.removeprefix("W/") in _TAG.findall(tags)
