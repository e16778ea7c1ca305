"""`Idempotency-Key`: whoever repeats a POST with the same key gets the same answer, and no more.

draft-ietf-httpapi-idempotency-key-header. A key belongs to its caller and its path. Answers are
kept for a day. A refusal uses up no key: what was wrong may be mended and sent again. Nor does a
failure on our side before anything was done; one after that is told to whoever repeats the request.
Requests without a key pay nothing.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, Final, Protocol, cast

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from functions.domain.digest import digest
from functions.domain.errors import InvalidFieldError
from functions.engine import paths
from functions.engine.accounts import idempotency
from functions.engine.accounts.idempotency import Answer, Claim
from functions.engine.accounts.marked_store import MarkedStore
from functions.engine.kernel.engine import Engine
from functions.web.auth import Role
from functions.web.context import Handle, context_of
from functions.web.problems import answer_to

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
#: A third of the lease: one renewal may be lost.
RENEWED_EVERY_S: Final = idempotency.LEASE.total_seconds() / 3

_KEY: Final = re.compile(r"[!-~]{1,255}")
_KEPT_HEADERS: Final = ("content-type", "etag", "location")
_KEPT_BYTES: Final = 256_000
_IN_MEMORY: Final = 1_000_000  #: bytes of a body; what is larger waits on disk
_PIECE: Final = 65_536


def guarded(handle: Handle, *, form: bool) -> Handle:
    """Return the handler, which does a POST with a key only once; `form`: it is sent one."""

    async def handle_once(request: Request) -> Response:
        keys = request.headers.getlist(HEADER) if request.method == "POST" else []
        if not keys:
            return await handle(request)
        if len(keys) > 1:
            raise InvalidFieldError(
                HEADER, f"{HEADER}: is given several times and names one request"
            )
        key = keys[0]
        if not _KEY.fullmatch(key):
            raise InvalidFieldError(HEADER, f"{HEADER}: must be 1 to 255 visible ASCII characters")
        async with _fingerprinted(request, form=form) as (whole, fingerprint):
            return await _once(whole, key, fingerprint, handle)

    return handle_once


async def _once(request: Request, key: str, fingerprint: str, handle: Handle) -> Response:
    engine = context_of(request).engine
    held = await idempotency.claim(engine, _path(request, key), fingerprint)
    if isinstance(held, Answer):
        request.state.caller.require(Role(held.role))
        return _replayed(held)
    return await _done(engine, held, request, handle)


async def _done(engine: Engine, held: Claim, request: Request, handle: Handle) -> Response:
    """Handle a claimed request and keep its answer, or give the claim back."""
    store = MarkedStore(engine.store, request.state.caller.org, held.path)
    request.state.engine = replace(engine, store=store)
    try:
        async with _renewed(engine, held):
            response = await _answered(request, handle)
    except Exception:
        await idempotency.release(engine, held)
        raise
    if _is_final(response.status_code, has_acted=store.has_acted):
        role = request.state.caller.role
        await idempotency.keep(engine, held, _answer(response, role))
    else:
        await idempotency.release(engine, held)
    return response


def _is_final(status: int, *, has_acted: bool) -> bool:
    """Tell whether an answer is the last word on its request."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return False
    return has_acted or status < HTTPStatus.BAD_REQUEST


@asynccontextmanager
async def _renewed(engine: Engine, held: Claim) -> AsyncIterator[None]:
    """Hold a claim for as long as its request takes."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEWED_EVERY_S)
            await idempotency.renew(engine, held)

    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()


async def _answered(request: Request, handle: Handle) -> Response:
    try:
        return await handle(request)
    except Exception as error:
        told = answer_to(request, error)
        if told is None:
            raise
        return told


def _path(request: Request, key: str) -> str:
    caller = request.state.caller
    id_ = digest(request.method, request.url.path, key, caller.subject)
    return paths.idempotency(caller.org, id_)


def _answer(response: Response, role: Role) -> Answer:
    """Return what is kept of a response: not the body of one that is secret, large or streamed."""
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return Answer(response.status_code, headers, _kept_body(response), role)


def _kept_body(response: Response) -> str | None:
    body = getattr(response, "body", None)
    if body is None or len(body) > _KEPT_BYTES:
        return None
    if "no-store" in response.headers.get("cache-control", ""):
        return None
    try:
        return bytes(body).decode()
    except UnicodeDecodeError:
        return None


def _replayed(answer: Answer) -> Response:
    headers = {**answer.headers, REPLAYED: "true"}
    return Response(answer.body, answer.status, headers)


class _Hasher(Protocol):
    def update(self, data: bytes, /) -> None: ...


@asynccontextmanager
async def _fingerprinted(request: Request, *, form: bool) -> AsyncIterator[tuple[Request, str]]:
    """Give the request, its body still to be read, and its fingerprint: of its query and its body.

    A form is known by its fields and files, for a repeated one has another boundary between them.
    """
    hasher = sha256(request.url.query.encode() + b"\n")
    if form:
        async with request.form() as fields:
            await _digest_form(fields, hasher)
            yield request, hasher.hexdigest()
        return
    with SpooledTemporaryFile(_IN_MEMORY) as body:
        await _put_aside(request, cast(BinaryIO, body), hasher)
        again = Request(request.scope, _reading(cast(BinaryIO, body), request.receive))
        yield again, hasher.hexdigest()


async def _digest_form(form: FormData, hasher: _Hasher) -> None:
    for name, value in form.multi_items():
        if isinstance(value, str):
            _digest_parts(hasher, "field", name, value)
            continue
        _digest_parts(hasher, "file", name, value.filename or "", str(value.size))
        await _digest_file(value, hasher)


def _digest_parts(hasher: _Hasher, *parts: str) -> None:
    for part in parts:
        encoded = part.encode(errors="surrogatepass")
        # The length keeps one part from passing for two.
        hasher.update(b"%d:" % len(encoded) + encoded)


async def _digest_file(file: UploadFile, hasher: _Hasher) -> None:
    while piece := await file.read(_PIECE):
        hasher.update(piece)
    await file.seek(0)


async def _put_aside(request: Request, body: BinaryIO, hasher: _Hasher) -> None:
    try:
        async for piece in request.stream():
            hasher.update(piece)
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
