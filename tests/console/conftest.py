"""A browser for all tests of the console in a process; each has a Clarion of its own."""

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect
from structlog.testing import capture_logs

from functions.console import pages
from tests.api.rig import Rig
from tests.console.served import Served, Viewer, looked_at

#: Chromium's own errands are none of ours, and a container has no other sandbox.
_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ServeConsole: TypeAlias = Callable[..., Any]

expect.set_options(timeout=15_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what needs the browser in its loop, and not in the quick tests."""
    for item in items:
        if "viewer" in getattr(item, "fixturenames", ()) or "look" in getattr(
            item, "fixturenames", ()
        ):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.add_marker(pytest.mark.slow)


def _missing(what: str) -> None:
    """Skip, or fail where everything must be there."""
    if os.environ.get("CI"):  # noqa: TID251 - no setting of Clarion
        pytest.fail(f"{what}; in CI that is a failure")
    pytest.skip(what)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Give Debian's Chromium, without the windows that nobody sees: they take half of its work."""
    chromium = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if chromium is None:
        _missing("there is no chromium on this machine")
    if not (pages.DIST / "index.html").exists():
        _missing("the console is not built: make console")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        yield browser
        await browser.close()


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """Give the log lines of a test, instead of printing them."""
    with capture_logs() as lines:
        yield lines


@pytest_asyncio.fixture(loop_scope="session")
async def serve(tmp_path: Path) -> AsyncIterator[ServeConsole]:
    """Give a function that serves a Clarion by settings."""
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Served:
            served = Served(tmp_path, **settings)
            stack.push_async_callback(served.close)
            await served.serve()
            return served

        yield start


@pytest_asyncio.fixture(loop_scope="session")
async def served(serve: ServeConsole) -> Served:
    """Give a Clarion that is open to this machine."""
    served: Served = await serve()
    return served


@pytest_asyncio.fixture(loop_scope="session")
async def look(browser: Browser, serve: ServeConsole) -> AsyncIterator[ServeConsole]:  # noqa: ARG001 - it ends later
    """Give a function that puts somebody in front of a console.

    `look(await serve(**SIGN_IN), role="viewer")` is somebody who is signed in with that role.
    """
    async with AsyncExitStack() as stack:

        async def start(served: Served, role: str = "") -> Viewer:
            viewer = await stack.enter_async_context(looked_at(browser, served))
            if role:
                await viewer.is_signed_in(role)
            return viewer

        yield start


@pytest_asyncio.fixture(loop_scope="session")
async def viewer(look: ServeConsole, served: Served) -> Viewer:
    """Give somebody in front of the console of `served`, who may do everything."""
    viewer: Viewer = await look(served)
    return viewer


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    """Give a Clarion that is asked without a port."""
    rig = Rig(tmp_path)
    yield rig
    await rig.close()


@pytest.fixture
def pictures() -> Path | None:
    """Give the folder where somebody wants pictures of the pages (PICTURES)."""
    folder = os.environ.get("PICTURES")  # noqa: TID251 - no setting of Clarion
    if not folder:
        return None
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder)
