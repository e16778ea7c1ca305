"""What channels over a provider's REST API have in common.

The APIs are called directly and once: an SDK that repeats a request on a 5xx can reach a person
twice.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import httpx

from functions.channels.base import BaseChannel
from functions.channels.statuses import ProviderStatus
from functions.domain.digest import digest
from functions.domain.messages.delivery_events import Retry
from functions.domain.messages.send_outcomes import (
    Accepted,
    Deferred,
    Rejected,
    SendOutcome,
    Unknown,
)
from functions.engine.ports.clock import Clock
from functions.transport.retry_after import retry_after

LONGEST_RETRY_AFTER: Final = timedelta(hours=1)  #: a provider that asks for more is asked again

#: Nothing has left us: the request never reached a connection.
NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Account(NamedTuple):
    """Whom a provider knows us as, where its API is, and where it reaches us."""

    id: str
    token: str  #: pays for messages
    api_url: str
    public_base_url: str
    clock: Clock
    http: httpx.AsyncClient | None = None  #: lent to the channel, which else opens its own
    timeout: float = 10.0

    @property
    def basic_auth(self) -> httpx.Auth:
        """Our id and token, as most APIs take them."""
        return httpx.BasicAuth(self.id, self.token)

    def url(self, path: str) -> str:
        """Return the URL of what the API has for us; `path` has our id in place of {}."""
        return self.api_url.rstrip("/") + path.format(quote(self.id, safe=""))


class ProviderApi(BaseChannel):
    """The part of a Channel that is the same for every provider's REST API."""

    def __init__(self, account: Account, auth: httpx.Auth | None = None) -> None:
        super().__init__(account.clock)
        self._account = account
        self._auth = auth
        self._http = account.http or httpx.AsyncClient()

    async def close(self) -> None:
        """Close the connections, unless they were lent to us."""
        if self._account.http is None:
            await self._http.aclose()

    async def _order(
        self,
        url: str,
        id_in: Callable[[Mapping[str, Any]], Any],
        refused: Callable[[httpx.Response], SendOutcome] | None = None,
        *,
        other_in: Callable[[Mapping[str, Any]], str] = lambda _: "",
        **content: Any,
    ) -> SendOutcome:
        """Post an order, once, and return what the answer means.

        `id_in` finds the provider's id in an answer of success, and `other_in` another number
        by which it knows the person; `refused` reads every other one, by default its status alone.
        """
        response = await self._post(url, **content)
        if not isinstance(response, httpx.Response):
            return response
        if not response.is_success:
            return (refused or self._refused_by_status)(response)
        answer = json_of(response)
        provider_id = id_in(answer)
        if isinstance(provider_id, str) and provider_id:
            return Accepted(provider_id, other_in(answer))
        return Unknown("provider_unreadable_answer")  # Without its id nobody knows what was taken.

    async def _post(self, url: str, **content: Any) -> httpx.Response | Deferred | Unknown:
        """Post once; return a value where there is no answer."""
        try:
            return await self._request("POST", url, **content)
        except NOT_SENT:
            return Deferred("provider_unreachable")
        except httpx.TimeoutException:
            return Unknown("provider_timeout")
        except httpx.HTTPError:
            return Unknown("provider_disconnected")

    async def _ask(self, url: str, **content: Any) -> Mapping[str, Any]:
        """Get what the provider knows; nothing where it does not answer, or not well."""
        try:
            response = await self._request("GET", url, **content)
        except httpx.HTTPError:
            return {}
        return json_of(response) if response.status_code == httpx.codes.OK else {}

    async def _request(self, method: str, url: str, **content: Any) -> httpx.Response:
        content |= {"auth": self._auth, "timeout": self._account.timeout}
        return await self._http.request(method, url, follow_redirects=False, **content)

    def _refused_by_status(self, response: httpx.Response) -> SendOutcome:
        """Return what an answer without success means, by its HTTP status alone."""
        reason = f"provider_{response.status_code}"
        match response.status_code:
            case httpx.codes.TOO_MANY_REQUESTS:
                return Deferred(reason, self._retry_after(response), throttled=True)
            case httpx.codes.UNAUTHORIZED | httpx.codes.PAYMENT_REQUIRED | httpx.codes.FORBIDDEN:
                return Rejected(reason, Retry.STOP)
            case status if httpx.codes.is_server_error(status):
                return Unknown(reason)
            case _:
                return Rejected(reason)

    def _refused_as(self, status: ProviderStatus | None, response: httpx.Response) -> SendOutcome:
        """Return what an answer means whose error has this status; None: by that of HTTP."""
        if status is None:
            return self._refused_by_status(response)
        if status.retry is Retry.DEFER:
            return Deferred(status.reason, self._retry_after(response), throttled=True)
        return Rejected(status.reason, status.retry, status.suppress)

    def _retry_after(self, response: httpx.Response) -> timedelta | None:
        header = response.headers.get("Retry-After", "")
        return retry_after(header, now=self._clock.now(), longest=LONGEST_RETRY_AFTER)


def json_of(response: httpx.Response) -> dict[str, Any]:
    """Return the object that a response holds; an empty one where it holds none."""
    try:
        content = response.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def number_of(value: Any) -> int | None:
    """Return a whole number from 0 that a provider wrote as it liked; None where it is none."""
    try:
        return max(int(value), 0)
    except (TypeError, ValueError, OverflowError):
        return None


def event_id(provider: str, kind: str, *promise: object) -> str:
    """Derive an event's id from what happens once, whoever tells us and how often."""
    return f"{provider}-{kind}-{digest(*promise, size=12)}"
