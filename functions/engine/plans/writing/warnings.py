"""What a campaign with a plan was given although its author probably did not mean it."""

from datetime import datetime

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.warnings import limit_warnings, past_time
from functions.domain.warnings import InputWarning
from functions.engine.accounts import organisation
from functions.engine.kernel.engine import Engine
from functions.engine.plans.writing import checks


async def warnings_of(
    engine: Engine, campaign: Campaign, *, asked: datetime | None = None
) -> list[InputWarning]:
    """Return the doubts about a campaign that has not started; `asked`: the start given.

    What has become a mistake since the plan was written is one of them: it keeps the campaign
    from starting.
    """
    decided = await organisation.load(engine, campaign.org)
    aim = await checks.aim_of(engine, campaign, decided=decided)
    found = await checks.look_again(engine, campaign, aim)
    return [
        *past_time(asked, now=engine.clock.now()),
        *limit_warnings(campaign),
        *map(checks.told, found.findings),
    ]
