"""Creation: new campaigns to a list, to those who were not reached, or of one message."""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from functions.domain.campaigns.audience import AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.lifecycle import check_start_time
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.digest import digest
from functions.domain.errors import (
    NameTakenError,
    NotFoundError,
)
from functions.domain.kinds import CampaignKind
from functions.engine import paths
from functions.engine.campaigns.in_force import lanes_for, ruled
from functions.engine.campaigns.lifecycle import create_campaign
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import ConflictError, Create

NAME_LENGTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a new campaign shall be. `scheduled_at` None starts it at once."""

    name: str
    sender: str
    bot_url: str
    provider: str
    by: str
    client_id: str | None = None
    machine_detection: str = ""
    scheduled_at: datetime | None = None
    scheduled_by: str | None = None


async def create_for_list(engine: Engine, org: str, wish: Wish, list_id: str) -> Campaign:
    """Create a broadcast to a list and start or schedule it.

    Raises InvalidFieldError (time not ahead), NotFoundError (list), NameTakenError.
    """
    if wish.scheduled_at is not None:
        check_start_time(wish.scheduled_at, now=engine.clock.now())
    people = await engine.store.get(paths.lists(org, list_id))
    if people is None:
        raise NotFoundError("List", list_id)
    audience = {"kind": AudienceKind.LIST, "id": list_id}
    campaign = new_campaign(engine, org, wish, audience, total=people.data["size"])
    return await create_named(engine, await ruled(engine, campaign))


def new_campaign(
    engine: Engine, org: str, wish: Wish, audience: dict[str, str], *, total: int
) -> Campaign:
    """Return a campaign as it is wished, before its organisation's rules are asked."""
    now = engine.clock.now()
    immediate = wish.scheduled_at is None
    rate = engine.rate_of(wish.provider)
    return Campaign(
        id=uuid4().hex,
        org=org,
        name=wish.name,
        kind=CampaignKind.BROADCAST,
        status=CampaignStatus.RUNNING if immediate else CampaignStatus.SCHEDULED,
        epoch=1,
        provider=wish.provider,
        sender=wish.sender,
        bot_url=wish.bot_url,
        audience=audience,
        lanes=lanes_for(rate, total, engine),
        rate_per_s=rate,
        total=total,
        client_id=wish.client_id,
        machine_detection=wish.machine_detection,
        created_at=now,
        created_by=wish.by,
        scheduled_at=wish.scheduled_at,
        scheduled_by=wish.scheduled_by if wish.scheduled_at else None,
        started_at=now if immediate else None,
    )


async def create_named(engine: Engine, campaign: Campaign) -> Campaign:
    """Create a campaign whose name no other of these has. Raises NameTakenError."""
    path = paths.campaign_name(campaign.org, digest(campaign.name))
    claim = Create(path, {"campaign": campaign.id})
    try:
        return await create_campaign(engine, campaign, claim)
    except ConflictError:
        raise NameTakenError("Campaign", campaign.name) from None
