"""The REST API as commands ask it: of a running server, or of an application on the store here.

Both are one API, so each command is written once. A server is named by --url or CLARION_URL, and
told who asks by CLARION_TOKEN. Without one a command works on the store that the settings name;
what it leaves to be done is done by the running server or the cloud, at the next check at latest.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple, Self
from urllib.parse import urlsplit

import httpx
import jwt

from functions.bootstrap.stack import build
from functions.domain.errors import DomainError
from functions.engine.accounts.api_keys import org_of_token
from functions.settings.load import SettingsError, load_settings
from functions.settings.urls import is_safe_url
from functions.web.auth import Caller, KnownCaller, Role

BY: Final = "command line"  #: who did it, in the audit trail of a store
_HERE: Final = "http://127.0.0.1"
_PATIENCE_S: Final = 60.0
#: How often a server that has no time is asked again, and how long at most in between.
_TRIES: Final = 5
_LONGEST_WAIT_S: Final = 30.0
#: What the REST API's function is called where each function has a URL of its own.
_REST_FUNCTION: Final = "/api"


class RefusedError(DomainError):
    """The API refuses a request, or nobody answers; the sentence says what to do."""


class Target(NamedTuple):
    """Where commands are carried out, and for whom."""

    url: str  #: of a running server; "" for the store here
    token: str
    org: str

    def checked(self) -> Self:
        """Return itself. Raises SettingsError for what can be no server, or gives a token away."""
        if not self.url:
            return self
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise SettingsError([f"CLARION_URL: must be http(s)://HOST, not {self.url}"])
        if self.token and not is_safe_url(self.url):
            raise SettingsError(["CLARION_URL: a token must not travel without TLS; use https"])
        if not (self.token.isascii() and self.token.isprintable()):
            raise SettingsError(["CLARION_TOKEN: is no token"])
        mine = _org_in(self.token)
        if mine and self.org and mine != self.org:
            raise SettingsError([f"CLARION_TOKEN: is of the organisation {mine}, not {self.org}"])
        return self

    @property
    def name(self) -> str:
        """What is asked, as sentences call it."""
        return self.url or "the store"


def _org_in(token: str) -> str:
    """Return the organisation that a token names; the server alone decides whether it counts."""
    if found := org_of_token(token):
        return found
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return ""
    return str(claims.get("org", ""))


class Api:
    """One command's requests; what answers warn of is kept in `warnings`."""

    def __init__(self, target: Target, http: httpx.AsyncClient) -> None:
        self._target = target
        self._http = http
        self.warnings: list[Mapping[str, str]] = []

    async def ask(self, method: str, path: str, *, or_status: int = 0, **content: Any) -> Any:
        """Return an answer's JSON, None where it is empty.

        Raises RefusedError unless it is a success or has the other status that is expected.
        """
        response = await self._answer(method, path, content)
        if not response.is_success and response.status_code != or_status:
            raise RefusedError(self._why(response))
        if not response.content:
            return None
        answer = _json(response)
        if not isinstance(answer, dict):
            raise RefusedError(self._foreign(response))
        self.warnings += answer.get("warnings") or []
        return answer

    async def each(self, path: str, **filters: Any) -> AsyncIterator[dict[str, Any]]:
        """Yield what a list of the API holds, page by page."""
        cursor: str | None = ""
        while cursor is not None:
            params = {**filters, **({"cursor": cursor} if cursor else {})}
            page = await self.ask("GET", path, params=params)
            for found in page["data"]:
                yield found
            cursor = page["next_cursor"]

    async def pieces(self, path: str, **filters: Any) -> AsyncIterator[bytes]:
        """Yield a file that the API gives out, as it comes. Raises RefusedError."""
        try:
            async with self._http.stream("GET", path, params=filters) as response:
                if not response.is_success:
                    await response.aread()
                    raise RefusedError(self._why(response))
                async for piece in response.aiter_bytes():
                    yield piece
        except (httpx.TransportError, httpx.InvalidURL) as error:
            told = f"{self._target.name} gave out no more ({error or type(error).__name__})"
            raise RefusedError(told) from None

    async def call(self, path: str, **content: Any) -> Any:
        """Return the answer of a calling function, which stands beside the REST API."""
        base = self._target.url.rstrip("/").removesuffix(_REST_FUNCTION)
        return await self.ask("POST", f"{base}{path}" if base else path, **content)

    async def _answer(self, method: str, path: str, content: Mapping[str, Any]) -> httpx.Response:
        for _ in range(_TRIES):
            try:
                response = await self._http.request(method, path, **content)
            except httpx.TimeoutException:
                told = f"does not answer within {_PATIENCE_S:.0f} s; what was asked may be done"
                raise RefusedError(f"{self._target.name} {told}") from None
            except (httpx.TransportError, httpx.InvalidURL) as error:
                reason = str(error) or type(error).__name__
                told = f"Nobody answers at {self._target.name} ({reason})"
                raise RefusedError(f"{told}; see that the server runs, and --url") from None
            wait = response.headers.get("retry-after", "")
            if response.status_code != httpx.codes.TOO_MANY_REQUESTS or not wait.isdigit():
                break
            await asyncio.sleep(min(float(wait), _LONGEST_WAIT_S))
        return response

    def _why(self, response: httpx.Response) -> str:
        answer = _json(response)
        told = answer if isinstance(answer, dict) else {}
        detail = told.get("detail") or told.get("message")
        if not isinstance(detail, str):
            return self._foreign(response)
        match response.status_code:
            case httpx.codes.UNAUTHORIZED:
                remedy = "set CLARION_TOKEN to an API key, or to what `token` prints"
                return f"{self._target.name} does not know who asks: {detail} To go on, {remedy}."
            case httpx.codes.FORBIDDEN:
                return f"{self._target.name} does not let you do this: {detail}"
            case status if status >= httpx.codes.INTERNAL_SERVER_ERROR:
                return f"{self._target.name} could not do it ({status}): {detail}"
        return detail

    def _foreign(self, response: httpx.Response) -> str:
        told = f"{self._target.name} answers {response.status_code}, and not as Clarion does"
        return f"{told}; see that --url is the API's"


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


@asynccontextmanager
async def opened(target: Target) -> AsyncIterator[Api]:
    """Give the API of a target. Raises SettingsError."""
    if target.checked().url:
        headers = {"x-org-id": target.org} if target.org else {}
        if target.token:
            headers["authorization"] = f"Bearer {target.token}"
        base = target.url.rstrip("/")
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=_PATIENCE_S) as http:
            yield Api(target, http)
        return
    # Who may read and write the store needs no leave, and waits for nobody.
    settings = load_settings().model_copy(update={"api_rate_per_s": 0})
    caller = KnownCaller(Caller(BY, target.org or "default", Role.ADMIN))
    stack = build(settings, callers=caller)
    transport = httpx.ASGITransport(stack.app)
    try:
        async with httpx.AsyncClient(transport=transport, base_url=_HERE, timeout=None) as http:  # noqa: S113  it is this process
            yield Api(target, http)
    finally:
        await stack.close()
