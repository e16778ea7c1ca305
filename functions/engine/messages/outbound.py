"""A message as it is handed to a channel, and the answer to a call that was picked up."""

from datetime import datetime

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.send import Send
from functions.domain.errors import NotFoundError
from functions.domain.messages.delivery_events import MessageRef
from functions.domain.messages.message import Message
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.ports.channel import Outbound


async def bot_of(engine: Engine, ref: MessageRef) -> str:
    """Return the bot that whoever picks up a call talks to: that of the message's send.

    Raises NotFoundError for a campaign that does not exist.
    """
    asked = [paths.campaign(ref.org, ref.campaign), paths.message(ref)]
    home, message = await engine.store.get_many(asked)
    if home is None:
        raise NotFoundError("Campaign", ref.campaign)
    key = message.data.get("send", "") if message else ""
    return campaign_from(ref.org, ref.campaign, home.data).send(key).content.bot_url


def outbound(
    campaign: Campaign, send: Send, message: Message, expires_at: datetime | None = None
) -> Outbound:
    """Return a message's present attempt, as its send hands it to the channel.

    From `expires_at` on it must not arrive (see eligibility/gate.py).
    """
    content = send.content
    return Outbound(
        MessageRef(campaign.org, campaign.id, message.id),
        message.attempt,
        message.address,
        send.sender,
        bot_url=content.bot_url,
        machine_detection=content.machine_detection,
        body=message.body,
        channel=send.channel,
        subject=message.subject,
        html=message.html,
        provider_template=content.provider_template,
        language=content.language,
        parameters=message.parameters,
        webhook_url=content.webhook_url,
        campaign_name=campaign.name,
        unsubscribe_email=campaign.rules.unsubscribe_email,
        expires_at=expires_at,
    )
