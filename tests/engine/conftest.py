"""What engine tests share."""

from collections.abc import AsyncIterator

import pytest

from tests.engine.world import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Give a world without calling windows, with room for a thousand calls."""
    async with World() as made:
        yield made
