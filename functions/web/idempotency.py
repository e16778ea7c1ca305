"""`Idempotency-Key`: whoever repeats a POST with the same key gets the same answer, and no more.

draft-ietf-httpapi-idempotency-key-header. A key belongs to its caller and its path. Answers are
kept for a day, except those of 5xx and 429: what failed on our side may be tried again at once.
Requests without a key pay nothing.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

from fastapi import Request
from fastapi.responses import Response

from functions.domain.digest import digest
from functions.domain.errors import InvalidFieldError
from functions.engine import paths
from functions.engine.accounts import idempotency
from functions.engine.accounts.idempotency import Answer, Claim
from functions.engine.kernel.engine import Engine
from functions.web.caller_route import Handle
from functions.web.context import house_of
from functions.web.fingerprints import fingerprinted
from functions.web.problems import answer_to

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
#: A third of the lease: one renewal may be lost.
RENEWED_EVERY_S: Final = idempotency.LEASE.total_seconds() / 3

_KEY: Final = re.compile(r"[!-~]{1,255}")
_KEPT_HEADERS: Final = ("content-type", "etag", "location")
_KEPT_BYTES: Final = 256_000


def guarded(handle: Handle, *, form: bool) -> Handle:
    """Return the handler, which does a POST with a key only once; `form`: it is sent one."""

    async def handle_once(request: Request) -> Response:
        key = request.headers.get(HEADER)
        if key is None or request.method != "POST":
            return await handle(request)
        if not _KEY.fullmatch(key):
            raise InvalidFieldError(HEADER, f"{HEADER}: must be 1 to 255 visible ASCII characters")
        async with fingerprinted(request, form=form) as (whole, fingerprint):
            return await _once(whole, key, fingerprint, handle)

    return handle_once


async def _once(request: Request, key: str, fingerprint: str, handle: Handle) -> Response:
    engine = house_of(request).engine
    held = await idempotency.claim(engine, _path(request, key), fingerprint)
    if isinstance(held, Answer):
        return _replayed(held)
    return await _done(engine, held, request, handle)


async def _done(engine: Engine, held: Claim, request: Request, handle: Handle) -> Response:
    """Handle a claimed request and keep its answer, or give the claim back."""
    try:
        async with _renewed(engine, held):
            response = await _answered(request, handle)
    except Exception:
        await idempotency.release(engine, held)
        raise
    if _may_be_tried_again(response.status_code):
        await idempotency.release(engine, held)
    else:
        await idempotency.keep(engine, held, _answer(response))
    return response


def _may_be_tried_again(status: int) -> bool:
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS


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
        # A refusal is an answer too: it is kept like any other.
        told = answer_to(request, error)
        if told is None:
            raise
        return told


def _path(request: Request, key: str) -> str:
    caller = request.state.caller
    id_ = digest(request.method, request.url.path, key, caller.subject)
    return paths.idempotency(caller.org, id_)


# --- Answers ---------------------------------------------------------------------------------


def _answer(response: Response) -> Answer:
    """Return what is kept of a response: not the body of one that is secret, large or streamed."""
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return Answer(response.status_code, headers, _kept_body(response))


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
