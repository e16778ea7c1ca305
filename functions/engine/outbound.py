"""What a channel is handed of a message."""

from datetime import datetime

from functions.domain.campaign import Campaign
from functions.domain.events import MessageRef
from functions.domain.message import Message
from functions.engine.ports import Outbound


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
