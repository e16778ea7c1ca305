"""What a channel is handed of a message, and told when somebody picks up."""

from datetime import datetime

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.errors import NotFoundError
from functions.domain.messages.delivery_events import MessageRef
from functions.domain.messages.message import Message
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.ports.channel import Outbound


async def bot_of(engine: Engine, ref: MessageRef) -> str:
    """Return the bot that whoever picks up a call talks to: that of the message's step.

    Raises NotFoundError for a campaign that does not exist.
    """
    asked = [paths.campaign(ref.org, ref.campaign), paths.message(ref)]
    home, message = await engine.store.get_many(asked)
    if home is None:
        raise NotFoundError("Campaign", ref.campaign)
    step = message.data.get("step", 0) if message else 0
    return campaign_from(ref.org, ref.campaign, home.data).at_step(step).bot_url


def outbound(campaign: Campaign, message: Message, expires_at: datetime | None = None) -> Outbound:
    """Return a message's present attempt, by the campaign as it stands at the message's step.

    `expires_at` is from when on it must not arrive (see manners.py).
    """
    return Outbound(
        MessageRef(campaign.org, campaign.id, message.id),
        message.attempt,
        message.address,
        campaign.sender,
        bot_url=campaign.bot_url,
        machine_detection=campaign.machine_detection,
        body=message.body,
        channel=campaign.channel,
        subject=message.subject,
        html=message.html,
        provider_template=campaign.provider_template,
        language=campaign.language,
        parameters=message.parameters,
        webhook_url=campaign.webhook_url,
        campaign_name=campaign.name,
        expires_at=expires_at,
    )
