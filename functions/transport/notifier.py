"""Telling other people's servers what has happened, by HTTP POST."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import httpx

from functions.domain.notifications.notification import (
    LONGEST_RETRY_AFTER,
    NoResponse,
    PostResult,
    Responded,
)
from functions.domain.urls.public_urls import WEB_SCHEMES, check_public_url
from functions.engine.ports.clock import Clock
from functions.transport.public_http import TROUBLES, PublicHttp, Resolve
from functions.transport.retry_after import retry_after

TIMEOUT_S: Final = 10.0  #: of one attempt, resolving included
CHECK_S: Final = 3.0  #: for resolving the name of a URL that somebody subscribes
CONNECT_S: Final = 3.0  #: for one address of several
BODY_S: Final = 1.0  #: for the body of an answer, of which only the status counts
BODY_BYTES: Final = 1024

_AGENT: Final = {"user-agent": "Clarion-Webhooks/1"}
_ADDRESSES: Final = 3  #: tried in one attempt at most


class HttpNotifier:
    """The Notifier over HTTP: https only, but where private hosts are allowed."""

    def __init__(
        self,
        *,
        allow_private_hosts: bool,
        clock: Clock,
        http: httpx.AsyncClient | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        self._http = PublicHttp(allow_private=allow_private_hosts, http=http, resolve=resolve)
        self._clock = clock

    async def why_refused(self, url: str) -> str:
        """Check the text first, then what the name leads to now; an unknown name may come up."""
        if refused := self._refused_text(url):
            return refused
        if self._http.allow_private:
            return ""
        try:
            async with asyncio.timeout(CHECK_S):
                public = await self._http.addresses(url)
        except TROUBLES:
            return ""
        return "" if public else "The URL's host does not lead to the public Internet."

    def _refused_text(self, url: str) -> str:
        try:
            check_public_url(url, schemes=WEB_SCHEMES, allow_private=self._http.allow_private)
        except ValueError as error:
            return str(error)
        return ""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> PostResult:
        """Post once: to a further address only where the one before could not be reached."""
        if self._refused_text(url):
            return NoResponse("refused_url")
        try:
            async with asyncio.timeout(TIMEOUT_S):
                requests = await self._http.requests(
                    "POST", url, headers={**_AGENT, **headers}, body=body
                )
                if not requests:
                    return NoResponse("refused_address")
                response = await self._send(requests[:_ADDRESSES])
        except (TimeoutError, httpx.TimeoutException):
            return NoResponse("timeout")
        except TROUBLES:
            return NoResponse("unreachable")
        await _drain(response)
        header = response.headers.get("retry-after", "")
        wait = retry_after(header, now=self._clock.now(), longest=LONGEST_RETRY_AFTER)
        return Responded(response.status_code, wait)

    async def _send(self, requests: Sequence[httpx.Request]) -> httpx.Response:
        for request in requests[:-1]:
            request.extensions["timeout"] = httpx.Timeout(TIMEOUT_S, connect=CONNECT_S).as_dict()
            try:
                return await self._http.send(request)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # Nothing was sent.
        return await self._http.send(requests[-1])

    async def close(self) -> None:
        """Close the connections, unless they were lent to us."""
        await self._http.close()


async def _drain(response: httpx.Response) -> None:
    """Read a little of the body: some servers call it a failure if nobody does."""
    seen = 0
    try:
        async with asyncio.timeout(BODY_S):
            async for part in response.aiter_raw(BODY_BYTES):
                seen += len(part)
                if seen >= BODY_BYTES:
                    break
    except TROUBLES:
        pass  # The status has told everything.
    finally:
        await response.aclose()
