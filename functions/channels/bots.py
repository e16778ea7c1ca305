"""Waking the voice bots that answered calls are connected to.

The bot's URL is given by a user and fetched from inside our network. So a name is resolved
first, every address it leads to must lie on the public Internet, and the connection goes to the
address that was checked: a name that changes its mind in between (DNS rebinding) changes nothing.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx

from functions.domain.urls import check_public_url, is_public_address

TRIES: Final = 3
TIMEOUT_S: Final = 5.0  #: of one try, resolving included

_HTTP: Final = {"ws": ("http", 80), "wss": ("https", 443)}

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Turns a host name and port into IP addresses; OSError where there are none."""


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
        self._allow_private_hosts = allow_private_hosts
        # A proxy from the environment would resolve the name again, behind the check.
        self._http = http or httpx.AsyncClient(trust_env=False)
        self._owns_http = http is None
        self._resolve = resolve or _resolve
        self._pause_s = pause_s

    async def is_ready(self, bot_url: str) -> bool:
        """Wake the bot: True at its first 2xx or 3xx, False after three failed tries."""
        try:
            check_public_url(bot_url, schemes=tuple(_HTTP), allow_private=self._allow_private_hosts)
        except ValueError:
            return False
        parts = urlsplit(bot_url)
        for number in range(TRIES):
            if number:
                await asyncio.sleep(self._pause_s)
            if await self._answers(parts, number):
                return True
        return False

    async def close(self) -> None:
        """Close the connections, unless they were lent to us."""
        if self._owns_http:
            await self._http.aclose()

    async def _answers(self, parts: SplitResult, number: int) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                request = await self._request(parts, number)
                return request is not None and await self._is_welcome(request)
        except (OSError, UnicodeError, httpx.HTTPError, httpx.InvalidURL):
            return False

    async def _request(self, parts: SplitResult, number: int) -> httpx.Request | None:
        """Build the request to a checked address; None if the host has one that is not public."""
        scheme, default_port = _HTTP[parts.scheme]
        host, port = parts.hostname or "", parts.port or default_port
        addresses = await self._resolve(host, port)
        public = self._allow_private_hosts or all(map(is_public_address, addresses))
        if not addresses or not public:
            return None
        address = addresses[number % len(addresses)]
        return self._http.build_request(
            "GET",
            httpx.URL(scheme=scheme, host=address, port=port, path="/warmup"),
            # Not kept: a kept connection is chosen by address, whatever host it was verified for.
            headers={"Host": parts.netloc, "Connection": "close"},
            timeout=TIMEOUT_S,
            extensions={"sni_hostname": host},
        )

    async def _is_welcome(self, request: httpx.Request) -> bool:
        """Send the request and look at the status only: the body may be long, or never end."""
        response = await self._http.send(request, stream=True, follow_redirects=False)
        await response.aclose()
        return response.is_success or response.is_redirect


async def _resolve(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]
