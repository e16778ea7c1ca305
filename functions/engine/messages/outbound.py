"""A message as it is handed to a channel."""

from datetime import datetime

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.send import Send
from functions.domain.messages.delivery_events import MessageRef
from functions.domain.messages.ids import node_of
from functions.domain.messages.message import Message
from functions.engine.ports.channel import Outbound


def outbound(
    campaign: Campaign,
    send: Send,
    message: Message,
    expires_at: datetime | None = None,
    *,
    hears_ring: bool = False,
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
        callback=content.callback,
        node=node_of(message.send) if content.callback else "",
        campaign_name=campaign.name,
        unsubscribe_email=campaign.rules.unsubscribe_email,
        expires_at=expires_at,
        hears_ring=hears_ring,
    )
