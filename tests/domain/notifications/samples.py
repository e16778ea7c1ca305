"""A campaign, a message and a subscription that the tests of notifications share."""

from datetime import UTC, datetime

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.send import Content, Send
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.kinds import CampaignKind, ChannelKind
from functions.domain.messages.message import Message, MessageStatus
from functions.domain.notifications.events import (
    EventType,
)
from functions.domain.notifications.notification import (
    Notification,
    NotificationStatus,
)
from functions.domain.notifications.signing import new_secret
from functions.domain.notifications.subscription import (
    Subscription,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CAMPAIGN = Campaign(
    id="c1",
    org="acme",
    name="Spring",
    kind=CampaignKind.BROADCAST,
    status=CampaignStatus.RUNNING,
    epoch=3,
    own_send=Send(
        "", ChannelKind.VOICE, "plivo", "+12025550100", Content(template="Hello {first_name}")
    ),
    audience=Audience(AudienceKind.LIST, "l1"),
    lanes=1,
    created_at=NOW,
    created_by="ann@example.com",
    started_at=NOW,
)
MESSAGE = Message(
    id="m1",
    address="+12025550123",
    status=MessageStatus.SENT,
    contact="orgs/acme/contacts/p1",
    attempt=2,
    body="Hello Ben",
)
SUBSCRIPTION = Subscription(
    id="s1",
    org="acme",
    url="https://crm.example.com/hook",
    events=["campaign.started"],
    secret=new_secret(bytes(32)),
    created_at=NOW,
    created_by="ann",
)
PENDING = Notification(
    id="evt_1",
    type=EventType.CAMPAIGN_STARTED,
    data={"campaign_id": "c1"},
    created_at=NOW,
    status=NotificationStatus.PENDING,
    wake_at=NOW,
)
