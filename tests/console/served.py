"""A whole Clarion behind a real port, and somebody who looks at its console."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import uvicorn
from axe_playwright_python.async_playwright import Axe
from axe_playwright_python.base import AxeResults
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from functions.web.face import Face, Receive, Scope, Send
from functions.web.signing_in.sessions import COOKIE
from tests.api.rig import Rig, token

Theme: TypeAlias = Literal["light", "dark"]

DESK: Final = (1280, 800)
PHONE: Final = (390, 844)
THEMES: Final[tuple[Theme, ...]] = ("light", "dark")
#: What a page must keep to: WCAG 2.2, A and AA.
_RULES: Final = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
#: Of these, what the theme may break: themes differ in their colours alone.
_COLOURS: Final = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
_REFUSAL: Final = "Failed to load resource: the server responded with a status of 4"
#: A test that looks into a frame in which nothing may run is told so by the browser.
_LOOKED_INTO: Final = "Blocked script execution in "
_UNWELL: Final = "Failed to load resource: the server responded with a status of 5"
_SILENCE: Final = "Failed to load resource: net::ERR_CONNECTION_REFUSED"


class Served(Rig):
    """The stack, served on a free port of this machine; its clock is the test's."""

    def __init__(self, folder: Path, *, below: str = "", **settings: Any) -> None:
        self._below = below
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        if "oidc_issuer" in settings:  # which sends people back to this very port
            settings["console_url"] = f"{self.url}/console"
        super().__init__(folder, **settings)
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://localhost:{self.port}{self._below}"

    async def serve(self) -> None:
        """Answer requests from now on."""
        app = _behind(self._below, self.stack.app)
        config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False)
        self._server = uvicorn.Server(config)
        self._serving = asyncio.create_task(self._server._serve([self._socket]))
        while not self._server.started:  # noqa: ASYNC110 - it says so nowhere else
            await asyncio.sleep(0.01)

    async def die(self) -> None:
        """Answer nobody any more; `revive` does again, on the same port."""
        assert self._server is not None
        assert self._serving is not None
        self._server.force_exit = self._server.should_exit = True
        await self._serving
        self._socket.close()
        self._server = None

    async def revive(self) -> None:
        """Come back where it was."""
        self._socket = socket.create_server(("127.0.0.1", self.port))
        await self.serve()

    async def close(self) -> None:
        """Let go of everything."""
        if self._server is not None:
            await self.die()
        await super().close()


def _behind(prefix: str, app: Face) -> Callable[..., Awaitable[None]]:
    """Return the application as it is seen from below a path, where there is one."""

    async def stripped(scope: Scope, receive: Receive, send: Send) -> None:
        below = scope["path"].removeprefix(prefix)
        assert below != scope["path"], f"the page asked outside of {prefix}: {scope['path']}"
        await app({**scope, "path": below}, receive, send)

    return stripped if prefix else app


class Viewer:
    """Somebody in front of the console. What a page logs as an error is kept."""

    def __init__(self, page: Page, served: Served) -> None:
        self.page = page
        self.served = served
        self.errors: list[str] = []
        self._expected: tuple[str, ...] = ()
        self._hosts = [served.url, "data:", "blob:"]
        page.on("console", lambda message: self._heard(message.type, message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._asked(request.url))

    def may_be_refused(self) -> None:
        """Expect answers that refuse, or none; the browser logs each as an error."""
        self._expected += (_REFUSAL, _SILENCE)

    def may_see_it_unwell(self) -> None:
        """Expect answers that say that the server cannot work."""
        self._expected += (_UNWELL,)

    def may_go_to(self, url: str) -> None:
        """Expect requests to another host."""
        self._hosts.append(url)

    def _heard(self, kind: str, text: str) -> None:
        expected = (_LOOKED_INTO, *self._expected)
        if kind == "error" and not text.startswith(expected):
            self.errors.append(text)

    def _asked(self, url: str) -> None:
        if not url.startswith(tuple(self._hosts)):
            self.errors.append(f"a request to another host: {url}")

    async def open(self, place: str, heading: str) -> None:
        """Open a page of the console by its address, and see its heading."""
        await self.page.goto(f"{self.served.url}/console/#{place}")
        await expect(self.heading(heading)).to_be_visible()

    def heading(self, text: str) -> Locator:
        """Return the page's one heading of the first level."""
        return self.page.get_by_role("heading", level=1, name=text)

    async def is_signed_in(self, role: str, *, org: str = "acme") -> None:
        """Let the browser have the session of somebody with a role, as if they had signed in."""
        answer = await self.served.post("/session", authorization=token(role, org=org))
        assert answer.status_code == 200, answer.text
        await self.page.context.add_cookies(
            [
                {
                    "name": COOKIE,
                    "value": answer.cookies[COOKIE],
                    "url": self.served.url.replace("http:", "https:"),  # it is Secure
                    "httpOnly": True,
                }
            ]
        )

    async def press(self, button: str) -> None:
        """Press a button by its name."""
        await self.page.get_by_role("button", name=button, exact=True).click()

    async def sees(self, text: str) -> None:
        """Expect a text on the page."""
        await expect(self.page.get_by_text(text).first).to_be_visible()

    async def can_be_used_by_all(self) -> None:
        """Hold the page, as it is now, to WCAG in both themes, on a desk and on a phone."""
        for size in (DESK, PHONE):
            await self.page.set_viewport_size({"width": size[0], "height": size[1]})
            await self._fits()
            for theme, rules in zip(THEMES, (_RULES, _COLOURS), strict=True):
                await self.show(theme)
                found = await self._broken_rules(rules)
                assert not found.violations_count, found.generate_report()
        await self.page.set_viewport_size({"width": DESK[0], "height": DESK[1]})

    async def _broken_rules(self, rules: Mapping[str, Any]) -> AxeResults:
        """Return what breaks rules; their half megabyte is read once a page."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(Axe().axe_script)
        options = {"runOnly": rules, "resultTypes": ["violations"]}
        return AxeResults(await self.page.evaluate("options => axe.run(options)", options))

    async def _fits(self) -> None:
        """Expect that nobody has to scroll sideways."""
        wide = await self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"the page is {wide} pixels too wide"

    async def show(self, theme: Theme) -> None:
        """Look at the page in a theme."""
        await self.page.emulate_media(color_scheme=theme)

    async def slowly(self) -> None:
        """Let every answer take 400 ms longer."""
        client = await self.page.context.new_cdp_session(self.page)
        await client.send("Network.enable")
        conditions = {
            "offline": False,
            "latency": 400,
            "downloadThroughput": -1,
            "uploadThroughput": -1,
        }
        await client.send("Network.emulateNetworkConditions", conditions)

    async def photograph(self, name: str, folder: Path | None, *, whole: bool = True) -> None:
        """Keep the page's picture in both themes, where somebody wants pictures.

        A whole page is shown on a phone as well; else it is as much as a desk shows at once.
        """
        if folder is None:
            return
        for theme in THEMES:
            await self.show(theme)
            await self.page.screenshot(path=folder / f"{name}-{theme}.png", full_page=whole)
        if not whole:
            return
        await self.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        await self.page.screenshot(path=folder / f"{name}-phone.png", full_page=True)
        await self.page.set_viewport_size({"width": DESK[0], "height": DESK[1]})


@asynccontextmanager
async def looked_at(browser: Browser, served: Served) -> AsyncIterator[Viewer]:
    """Give somebody who looks at the console in a browser of their own, at the served time."""
    context: BrowserContext = await browser.new_context(
        viewport={"width": DESK[0], "height": DESK[1]},
        locale="en-GB",
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
    )
    context.set_default_timeout(20_000)
    page = await context.new_page()
    await page.clock.set_fixed_time(served.clock.now())
    viewer = Viewer(page, served)
    try:
        yield viewer
    finally:
        await context.close()
    assert not viewer.errors, viewer.errors
