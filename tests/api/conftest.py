"""What the tests of the HTTP faces share."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from structlog.testing import capture_logs

from tests.api.rig import JWT, Rig

MakeRig: TypeAlias = Callable[..., Rig]


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """Give the log lines of a test, instead of printing them."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture
async def make_rig(tmp_path: Path) -> AsyncIterator[MakeRig]:
    """Give a function that puts together a Clarion by settings."""
    async with AsyncExitStack() as stack:

        def make(**settings: Any) -> Rig:
            rig = Rig(tmp_path, **settings)
            stack.push_async_callback(rig.close)
            return rig

        yield make


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    """Give a Clarion that is open to this machine."""
    return make_rig()


@pytest.fixture
def jwt_rig(make_rig: MakeRig) -> Rig:
    """Give a Clarion whose callers need a token."""
    return make_rig(**JWT)
