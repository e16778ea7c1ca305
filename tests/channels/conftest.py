"""What several tests of channels are given."""

from collections.abc import AsyncIterator

import pytest

from tests.channels.plivo_rig import PlivoRig
from tests.channels.plivo_server import PlivoServer


@pytest.fixture
async def rig() -> AsyncIterator[PlivoRig]:
    """Give Plivo to a test."""
    server = PlivoServer()
    await server.start()
    rig = PlivoRig(server)
    yield rig
    await rig.channel.close()
    await server.close()
