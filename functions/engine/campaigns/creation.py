"""Creation: new campaigns to a list, and their unique names."""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.lifecycle import check_start_time
from functions.domain.campaigns.send import Content, Send
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.digest import digest
from functions.domain.errors import NameTakenError
from functions.domain.kinds import CampaignKind, ChannelKind
from functions.engine import paths
from functions.engine.campaigns.in_force import with_rules
from functions.engine.campaigns.lifecycle import create_campaign
from functions.engine.kernel.commits.modify import at_version
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import ConflictError, Create

NAME_LENGTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVoiceCampaign:
    """What a new voice campaign shall be. `scheduled_at` None starts it at once."""

    name: str
    sender: str
    bot_url: str
    provider: str
    by: str
    client_id: str | None = None
    machine_detection: str = ""
    scheduled_at: datetime | None = None
    scheduled_by: str | None = None


async def create_for_list(
    engine: Engine, org: str, new: NewVoiceCampaign, list_id: str
) -> Campaign:
    """Create a broadcast to a list and start or schedule it.

    Raises InvalidFieldError (time not ahead), NotFoundError (list), NameTakenError.
    """
    if new.scheduled_at is not None:
        check_start_time(new.scheduled_at, now=engine.clock.now())
    people = at_version(await engine.store.get(paths.list_(org, list_id)), "List", list_id)
    audience = Audience(AudienceKind.LIST, list_id)
    campaign = new_campaign(engine, org, new, audience, total=people.data["size"])
    return await create_named(engine, await with_rules(engine, campaign))


def new_campaign(
    engine: Engine, org: str, new: NewVoiceCampaign, audience: Audience, *, total: int
) -> Campaign:
    """Return a new campaign before its organisation's rules are asked."""
    now = engine.clock.now()
    immediate = new.scheduled_at is None
    rate = engine.rate_of(new.provider)
    content = Content(bot_url=new.bot_url, machine_detection=new.machine_detection)
    return Campaign(
        id=uuid4().hex,
        org=org,
        name=new.name,
        kind=CampaignKind.BROADCAST,
        status=CampaignStatus.RUNNING if immediate else CampaignStatus.SCHEDULED,
        epoch=1,
        own_send=Send("", ChannelKind.VOICE, new.provider, new.sender, content, rate),
        audience=audience,
        lanes=1,  # until its organisation's rules are known
        total=total,
        client_id=new.client_id,
        created_at=now,
        created_by=new.by,
        updated_at=now,
        scheduled_at=new.scheduled_at,
        scheduled_by=new.scheduled_by if new.scheduled_at else None,
        started_at=now if immediate else None,
    )


async def create_named(engine: Engine, campaign: Campaign) -> Campaign:
    """Create a campaign with a name that its organisation has not used. Raises NameTakenError."""
    path = paths.campaign_name(campaign.org, digest(campaign.name))
    claim = Create(path, {"campaign": campaign.id})
    try:
        return await create_campaign(engine, campaign, claim)
    except ConflictError:
        raise NameTakenError("Campaign", campaign.name) from None
