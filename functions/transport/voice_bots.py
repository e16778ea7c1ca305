"""Waking the voice bots that answered calls are connected to."""

import asyncio
from typing import Final
from urllib.parse import urlsplit

import httpx

from functions.domain.urls.public_urls import BOT_SCHEMES, check_public_url
from functions.transport.public_http import TROUBLES, PublicHttp, Resolve

TRIES: Final = 3
TIMEOUT_S: Final = 5.0  #: of one try, resolving included

_HTTP: Final = {"ws": "http", "wss": "https"}


class HttpBots:
    """The Bots that are warmed up by GET /warmup on the host of their WebSocket URL."""

    def __init__(
        self,
        *,
        allow_private_hosts: bool,
        http: httpx.AsyncClient | None = None,
        resolve: Resolve | None = None,
        pause_s: float = 1.0,
    ) -> None:
        self._http = PublicHttp(allow_private=allow_private_hosts, http=http, resolve=resolve)
        self._pause_s = pause_s

    async def is_ready(self, bot_url: str) -> bool:
        """Wake the bot: True at its first 2xx or 3xx, False after three failed tries."""
        allow_private = self._http.allow_private
        try:
            check_public_url(bot_url, schemes=BOT_SCHEMES, allow_private=allow_private)
        except ValueError:
            return False
        parts = urlsplit(bot_url)
        url = f"{_HTTP[parts.scheme]}://{parts.netloc}/warmup"
        for number in range(TRIES):
            if number:
                await asyncio.sleep(self._pause_s)
            if await self._answers(url, number):
                return True
        return False

    async def close(self) -> None:
        """Close the connections, unless they were lent to us."""
        await self._http.close()

    async def _answers(self, url: str, number: int) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                requests = await self._http.requests("GET", url)
                return bool(requests) and await self._is_welcome(requests[number % len(requests)])
        except TROUBLES:
            return False

    async def _is_welcome(self, request: httpx.Request) -> bool:
        """Send the request and look at the status only: the body may be long, or never end."""
        response = await self._http.send(request)
        await response.aclose()
        return response.is_success or response.is_redirect
