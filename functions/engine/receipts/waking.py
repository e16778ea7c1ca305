"""Waking: a lane looks at what a receipt has made of a message.

Receipts that come at the same time wake it once.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.ids import lane_number
from functions.domain.messages.message import Message
from functions.engine.kernel import lanes
from functions.engine.kernel.engine import Engine
from functions.engine.receipts import recent_campaigns


class WakeUp(NamedTuple):
    """When a lane is to be looked at."""

    campaign: Campaign  #: as it was a moment ago
    lane: str
    at: datetime
    reopen: bool = False  #: it has something to do again


async def wake(
    engine: Engine, campaign: Campaign, message: Message, at: datetime, *, reopen: bool
) -> None:
    """See to it that a message's lane is looked at no later than `at`.

    `reopen`: it has something to do again. Resuming a campaign that is paused wakes every lane.
    """
    wake_up = WakeUp(campaign, str(lane_number(message.id, campaign.lanes)), at, reopen)
    about = (campaign.org, campaign.id, wake_up.lane)
    await engine.memory.wake_ups.do(about, wake_up, partial(_wake, engine))


async def _wake(engine: Engine, asked: Sequence[WakeUp]) -> list[Exception | None]:
    """Wake one lane for all that was asked."""
    newest = max((each.campaign for each in asked), key=lambda campaign: campaign.epoch)
    one = WakeUp(
        newest,
        asked[0].lane,
        min(each.at for each in asked),
        any(each.reopen for each in asked),
    )
    if newest.status is CampaignStatus.PAUSED or not await _is_woken(engine, one):
        # It may have been resumed, or paused, since it was read.
        campaign = await recent_campaigns.load_anew(engine, newest.org, newest.id)
        if campaign is not None and campaign.status is not CampaignStatus.PAUSED:
            await _is_woken(engine, one._replace(campaign=campaign))
    return [None] * len(asked)


async def _is_woken(engine: Engine, one: WakeUp) -> bool:
    """Wake a lane; False where its campaign has changed since it was read."""
    org, id_, epoch = one.campaign.org, one.campaign.id, one.campaign.epoch
    try:
        await lanes.wake(engine, org, id_, one.lane, at=one.at, reopen=one.reopen, epoch=epoch)
    except lanes.OutdatedError:
        return False
    return True
