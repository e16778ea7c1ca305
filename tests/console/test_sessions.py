"""Sessions in a real browser: begun and ended by hand, and of no use to any other page."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from playwright.async_api import Response, expect

from functions.web.signing_in.sessions import COOKIE
from tests.api.rig import token
from tests.api.session.browser import SIGN_IN
from tests.api.session.provider_server import CLIENT, CLIENT_SECRET, serve_provider
from tests.console.conftest import ServeConsole

#: A page that tries everything that a page can.
_HOSTILE: Final = """\
<!doctype html><title>Win a prize</title>
<iframe name="hidden"></iframe>
<form id="form" method="post" target="hidden" enctype="text/plain" action="{url}/lists">
<input name='{{"name":"Forged","x":"' value='"}}'></form>
<img src="{url}/session/login"><img src="{url}/lists">
<script>
const tell = (name, work) => work.then(r => r.status, () => "refused")
  .then(status => {{ (window.told ??= {{}})[name] = status; }});
const include = {{credentials: "include"}}, simple = {{...include, mode: "no-cors"}};
Promise.all([
  tell("read", fetch("{url}/lists", include)),
  tell("blind read", fetch("{url}/lists", simple)),
  tell("write", fetch("{url}/lists", {{...include, method: "POST",
    headers: {{"content-type": "application/json"}}, body: '{{"name": "Forged"}}'}})),
  tell("blind write", fetch("{url}/lists", {{...simple, method: "POST", body: "{{}}"}})),
  tell("sign out", fetch("{url}/session", {{...include, method: "DELETE"}})),
  tell("sign in", fetch("{url}/session", {{...simple, method: "POST"}})),
]).then(() => {{ document.getElementById("form").submit(); document.title = "Done"; }});
</script>
"""


@asynccontextmanager
async def served_elsewhere(html: str) -> AsyncIterator[str]:
    """Serve a page on another port of this machine; yield its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = html.encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://localhost:{server.sockets[0].getsockname()[1]}/"


async def test_somebody_signs_in_with_a_token_and_out_again(
    serve: ServeConsole, look: ServeConsole
) -> None:
    """The browser keeps the cookie, and no script of any page can read it."""
    viewer = await look(await serve(**SIGN_IN))
    await viewer.open("/campaigns", "Sign in to Clarion")
    await viewer.page.get_by_label("Token or API key").fill(token().removeprefix("Bearer "))
    await viewer.press("Sign in")
    await expect(viewer.heading("Campaigns")).to_be_visible()
    assert await viewer.page.evaluate("document.cookie") == ""
    await viewer.page.reload()
    await expect(viewer.heading("Campaigns")).to_be_visible()

    await viewer.press("Sign out")
    await expect(viewer.heading("Sign in to Clarion")).to_be_visible()
    assert await viewer.page.context.cookies() == []


async def test_somebody_signs_in_at_the_provider(serve: ServeConsole, look: ServeConsole) -> None:
    """They come back to where they wanted to go, also in a second tab; Back changes nothing."""
    with serve_provider() as provider:
        at = {"oidc_issuer": provider.url, "oidc_client_id": CLIENT}
        viewer = await look(await serve(**SIGN_IN, **at, oidc_client_secret=CLIENT_SECRET))
        viewer.may_go_to(provider.url)
        seen: list[str] = []
        viewer.page.on("request", lambda request: seen.append(request.url))
        await viewer.open("/campaigns?status=draft", "Sign in to Clarion")
        await viewer.page.get_by_role("link", name="Sign in with your organisation").click()
        await expect(viewer.heading("Campaigns")).to_be_visible()
        await viewer.sees("acme · auth0|ann, operator")
        assert viewer.page.url.endswith("/console/#/campaigns?status=draft")
        await viewer.page.goto(next(url for url in seen if "/session/callback?" in url))
        await expect(viewer.heading("Campaigns")).to_be_visible()
        (cookie,) = await viewer.page.context.cookies()
        assert (cookie["name"], cookie["httpOnly"], cookie["secure"]) == (
            "__Host-clarion",
            True,
            True,
        )


async def test_a_page_on_another_port_does_nothing_with_a_session(
    serve: ServeConsole, look: ServeConsole
) -> None:
    """Browsers send it the cookie, for ports are one site to them; it counts for nothing there."""
    served = await serve(**SIGN_IN)
    viewer = await look(served, role="operator")
    page = await viewer.page.context.new_page()
    async with served_elsewhere(_HOSTILE.format(url=served.url)) as url:
        answers: list[Response] = []
        page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - Playwright marks it
        await page.goto(url)
        await expect(page).to_have_title("Done")
        await page.wait_for_load_state("networkidle")
        told = await page.evaluate("window.told")
    assert {name: told[name] for name in ("read", "write", "sign out")} == dict.fromkeys(
        ("read", "write", "sign out"), "refused"
    )
    lists = [each for each in answers if each.url == f"{served.url}/lists"]
    with_cookie = [
        each for each in lists if COOKIE in (await each.request.all_headers()).get("cookie", "")
    ]
    assert {(each.request.method, each.status) for each in with_cookie} == {("POST", 401)}
    kept = await served.get("/lists", authorization=token("viewer"))
    assert kept.json()["data"] == []
    await viewer.open("/campaigns", "Campaigns")
    await viewer.sees("acme · ana, operator")
