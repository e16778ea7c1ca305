"""What several tests of channels are given."""

from collections.abc import AsyncIterator

import pytest

from tests.channels.plivo.voice_rig import PlivoRig


@pytest.fixture
async def rig() -> AsyncIterator[PlivoRig]:
    """Give Plivo to a test."""
    async with PlivoRig() as rig:
        yield rig
