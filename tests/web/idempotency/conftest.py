"""What the tests of Idempotency-Key are given: a shop, and a client of a Clarion with it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.api.rig import Rig
from tests.web.idempotency.shop import Shop, client_of


@pytest.fixture
def shop() -> Shop:
    """Give a shop."""
    return Shop()


@pytest.fixture
async def http(rig: Rig, shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of an application with the shop in it."""
    async with client_of(rig, shop) as client:
        yield client
