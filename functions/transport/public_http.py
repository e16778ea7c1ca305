"""Requests to URLs that users name, which only the public Internet may be behind.

Such a URL is fetched from inside our network. So a name is resolved first, every address that it
leads to must lie on the public Internet, and the connection goes to the address that was checked:
a name that changes its mind in between (DNS rebinding) changes nothing.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlsplit

import httpx

from functions.domain.urls.public_urls import is_public_address

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Turns a host name and port into IP addresses; OSError where there are none."""

_PORTS = {"http": 80, "https": 443}

#: What goes wrong on the way to a host, before or after it was connected to.
TROUBLES = (OSError, UnicodeError, httpx.HTTPError, httpx.InvalidURL)


def client() -> httpx.AsyncClient:
    """Return a client that is fit for hosts that do not trust each other.

    A proxy from the environment would resolve names again, behind the check. A cookie would be
    sent to whoever else has the same address.
    """
    none = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    return httpx.AsyncClient(timeout=10, trust_env=False, cookies=none, transport=_Late())


class _Late(httpx.AsyncBaseTransport):
    """Reads the certificates when the first request is sent: most cold starts go without one."""

    def __init__(self) -> None:
        self._transport: httpx.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._transport is None:
            self._transport = httpx.AsyncHTTPTransport(trust_env=False)
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        if self._transport is not None:
            await self._transport.aclose()


class PublicHttp:
    """Sends requests to checked addresses, over one client. `allow_private` checks nothing."""

    def __init__(
        self,
        *,
        allow_private: bool,
        http: httpx.AsyncClient | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        self.allow_private = allow_private
        self._http = http or client()
        self._owns_http = http is None
        self._resolve = resolve or _resolve

    async def addresses(self, url: str) -> list[str]:
        """Return the addresses of an http or https URL's host; none if one of them is private.

        Raises OSError or UnicodeError for a name that leads nowhere.
        """
        parts = urlsplit(url)
        found = list(await self._resolve(parts.hostname or "", parts.port or _PORTS[parts.scheme]))
        public = self.allow_private or all(map(is_public_address, found))
        return found if public else []

    async def requests(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> list[httpx.Request]:
        """Build the request to each of the addresses: none where one of them is private."""
        addresses = await self.addresses(url)
        return [_request(method, url, address, headers or {}, body) for address in addresses]

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request; its answer's body is not read yet. Redirects are not followed."""
        return await self._http.send(request, stream=True, follow_redirects=False)

    async def close(self) -> None:
        """Close the connections, unless they were lent to us."""
        if self._owns_http:
            await self._http.aclose()


def _request(
    method: str, url: str, address: str, headers: Mapping[str, str], body: bytes
) -> httpx.Request:
    parts = urlsplit(url)
    port = parts.port or _PORTS[parts.scheme]
    return httpx.Request(
        method,
        httpx.URL(url).copy_with(host=address, port=port),
        # Not kept: a kept connection is chosen by address, whatever host it was verified for.
        headers={**headers, "Host": parts.netloc, "Connection": "close"},
        content=body,
        extensions={"sni_hostname": parts.hostname or ""},
    )


async def _resolve(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]
