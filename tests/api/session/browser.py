"""A browser: it keeps cookies as it is told, and says who makes it ask."""

from http.cookies import Morsel, SimpleCookie
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx

from functions.web.signing_in.sessions import COOKIE
from tests.api.rig import JWT, Rig

SECRET: Final = "what seals sessions is at least thirty-two bytes"
SIGN_IN: Final = {**JWT, "session_secret": SECRET}
#: Name and value of the longest cookie that browsers take.
COOKIE_BYTES: Final = 4096


class Browser:
    """Asks a Clarion as a page of its own does, unless it is told otherwise."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.cookies: dict[str, str] = {}
        self.set: dict[str, Morsel[str]] = {}  #: what has been set last, by name

    async def ask(self, method: str, path: str, **headers: str) -> httpx.Response:
        """Ask for something; the answer's cookies are kept."""
        sent = {
            "sec-fetch-site": "same-origin",
            "cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in sent.items() if value}
        answer = await self.rig.http.request(method, path, headers=sent)
        for header in answer.headers.get_list("set-cookie"):
            self._keep(header)
        return answer

    async def sign_in(self, authorization: str) -> Any:
        """Sign in with a token or key; return what is answered."""
        answer = await self.ask("POST", "/session", authorization=authorization)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def session(self) -> Any:
        """Ask who is signed in."""
        answer = await self.ask("GET", "/session")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def steal(self) -> dict[str, str]:
        """Return the header with the cookie of the session."""
        return {"cookie": f"{COOKIE}={self.cookies[COOKIE]}"}

    def _keep(self, header: str) -> None:
        (morsel,) = SimpleCookie(header).values()
        assert len(f"{morsel.key}={morsel.value}") <= COOKIE_BYTES
        # Else a browser does not take a cookie of such a name.
        assert morsel.key.startswith("__Host-")
        assert (morsel["secure"], morsel["path"], morsel["domain"]) == (True, "/", "")
        assert (morsel["httponly"], morsel["samesite"].lower()) == (True, "lax")
        self.set[morsel.key] = morsel
        if morsel["max-age"] == "0":
            self.cookies.pop(morsel.key, None)
        else:
            self.cookies[morsel.key] = morsel.value


class Tab:
    """A tab of a browser, which goes where it is led."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    async def sign_in(self, place: str = "") -> str:
        """Sign in at the provider; return where one ends."""
        return await self.come_back(await self.authorize(await self.leave(place)))

    async def leave(self, place: str = "", **headers: str) -> str:
        """Follow the link for signing in; return where it leads."""
        path = f"/session/login?{urlencode({'next': place})}" if place else "/session/login"
        return await self._led(path, **headers)

    async def authorize(self, url: str) -> str:
        """Sign in at the provider; return where it leads back to."""
        async with httpx.AsyncClient() as http:
            answer = await http.get(url)
        assert answer.status_code == 302
        return answer.headers["location"]

    async def come_back(self, url: str) -> str:
        """Return to Clarion, where this leads to; return where one ends."""
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}" == "https://clarion.example"
        path = parts.path.removeprefix("/api")  # which the function's own name is
        return await self._led(f"{path}?{parts.query}", sec_fetch_site="cross-site")

    async def _led(self, path: str, **headers: str) -> str:
        answer = await self.browser.ask("GET", path, **headers)
        assert (answer.status_code, answer.headers["cache-control"]) == (303, "no-store")
        return answer.headers["location"]
