"""What engine tests share."""

from collections.abc import AsyncIterator

import pytest
import structlog

from tests.engine.world import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Give a world without calling windows, with room for a thousand calls."""
    async with World() as made:
        yield made


@pytest.fixture(scope="session", autouse=True)
def tracebacks_are_plain() -> None:
    """Log what a task raised without drawing every variable: that takes seconds, each time."""
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.format_exc_info, plain])
