"""What tells one request from another: a digest of its query and its body."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, Final, Protocol, cast

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

_IN_MEMORY: Final = 1_000_000  #: bytes of a body; what is larger waits on disk
_PIECE: Final = 65_536


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


@asynccontextmanager
async def fingerprinted(request: Request, *, form: bool) -> AsyncIterator[tuple[Request, str]]:
    """Give the request, its body still to be read, and its fingerprint.

    A form is told by its fields and files: whoever sends it again sets another boundary between
    its parts.
    """
    digest = sha256(request.url.query.encode() + b"\n")
    if form:
        async with request.form() as fields:
            await _digest_form(fields, digest)
            yield request, digest.hexdigest()
        return
    with SpooledTemporaryFile(_IN_MEMORY) as body:
        await _put_aside(request, cast(BinaryIO, body), digest)
        again = Request(request.scope, _reading(cast(BinaryIO, body), request.receive))
        yield again, digest.hexdigest()


async def _digest_form(form: FormData, digest: _Digest) -> None:
    for name, value in form.multi_items():
        if isinstance(value, str):
            _digest_parts(digest, "field", name, value)
            continue
        _digest_parts(digest, "file", name, value.filename or "", str(value.size))
        await _digest_file(value, digest)


def _digest_parts(digest: _Digest, *parts: str) -> None:
    for part in parts:
        encoded = part.encode(errors="surrogatepass")
        # The length keeps one part from passing for two.
        digest.update(b"%d:" % len(encoded) + encoded)


async def _digest_file(file: UploadFile, digest: _Digest) -> None:
    while piece := await file.read(_PIECE):
        digest.update(piece)
    await file.seek(0)


async def _put_aside(request: Request, body: BinaryIO, digest: _Digest) -> None:
    try:
        async for piece in request.stream():
            digest.update(piece)
            body.write(piece)
    except ClientDisconnect:
        raise HTTPException(400, "The request ended before its body did.") from None
    body.seek(0)


def _reading(body: BinaryIO, receive: Receive) -> Receive:
    """Return a `receive` that gives the body again, and then what really comes in."""
    ended = False

    async def read() -> Message:
        nonlocal ended
        if ended:
            return await receive()
        piece = body.read(_PIECE)
        ended = len(piece) < _PIECE
        message: dict[str, Any] = {"type": "http.request", "body": piece, "more_body": not ended}
        return message

    return read
