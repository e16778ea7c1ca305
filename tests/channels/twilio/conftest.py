"""What the tests of Twilio's channels are given: Twilio and its stand-in, by kind of message."""

from collections.abc import AsyncIterator

import pytest

from functions.domain.kinds import ChannelKind
from tests.channels.twilio.rig import TwilioRig


@pytest.fixture(params=[ChannelKind.SMS, ChannelKind.WHATSAPP])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[TwilioRig]:
    """Give Twilio to a test, once for each kind of message."""
    async with TwilioRig(request.param) as rig:
        yield rig


@pytest.fixture
async def sms() -> AsyncIterator[TwilioRig]:
    """Give Twilio for SMS to a test."""
    async with TwilioRig() as rig:
        yield rig
