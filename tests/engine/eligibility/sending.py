"""People, windows and campaigns that the tests of eligibility share."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.kinds import ChannelKind
from functions.domain.messages.attempts import DeliveryPolicy
from functions.engine import paths
from functions.engine.accounts import organisation
from functions.engine.campaigns import drafts
from functions.engine.campaigns.drafts import Draft
from functions.engine.ports.channel import Traits
from tests.engine.recording_channel import (
    SILENT,
)
from tests.engine.stored_lists import put_list
from tests.engine.world import ORG, SENDER, World, number, with_limits
from tests.salted import contact_id

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WINDOWS = with_limits(windows=True)
ANN = "ann@example.com"
PARIS, ELYSEE = ["Europe/Paris"], "+33142928100"
NEW_YORK = ["America/New_York"]
ONCE_A_DAY = {"most": 1, "hours": 24}
#: What a cap adds to its hours: the longest that an attempt takes to be handed over.
LEASE = DeliveryPolicy().send_lease


async def decide(world: World, **changes: Any) -> None:
    """Change the organisation's settings."""
    await organisation.update(world.engine, ORG, changes, by="ann", if_version=None)


async def add_people(
    world: World, people: Iterable[tuple[str, str, Sequence[str]]], id_: str = "people"
) -> None:
    """Store a list of people by address, country and zones."""
    rows = (
        {
            "id": contact_id(address),
            "address": address,
            "region": region,
            "zones": list(zones),
            "attributes": {"email": ANN},
        }
        for address, region, zones in people
    )
    await put_list(world.store, ORG, id_, rows, now=world.clock.now())


def americans(*numbers: int) -> list[tuple[str, str, Sequence[str]]]:
    """Return people in New York: those with these numbers, or so many of them."""
    wanted = range(numbers[0]) if len(numbers) == 1 else numbers
    return [(number(n), "US", NEW_YORK) for n in wanted]


async def send(
    world: World, channel: ChannelKind = ChannelKind.SMS, *, list_: str = "people", **said: Any
) -> Campaign:
    """Send a campaign to a list now."""
    if channel is not ChannelKind.VOICE:
        world.carrier.traits = Traits()
        world.carrier.otherwise = SILENT
    by_channel: dict[ChannelKind, dict[str, str]] = {
        ChannelKind.VOICE: {"bot_url": "wss://bot.example.com/talk", "template": ""},
        ChannelKind.WEBHOOK: {"webhook_url": "https://hook.example.com/", "sender": ""},
        ChannelKind.EMAIL: {"sender": "shop@example.com", "subject": "Hello"},
    }
    about = {"sender": SENDER, "template": "Hello!", **by_channel.get(channel, {}), **said}
    audience = Audience(AudienceKind.LIST, list_)
    draft = Draft(channel=channel, audience=audience, **about)
    made = await drafts.create(world.engine, ORG, draft, scheduled_at=None, by="ann")
    return await drafts.send(world.engine, ORG, made.id, None, by="ann")


async def moved_to(world: World, at: datetime) -> None:
    """Let it be a later time."""
    world.clock.advance(at - world.clock.now())
    world.checked_at = world.clock.now()


async def run_out(world: World, campaign: Campaign, *, within: timedelta) -> None:
    """Let a campaign end in its own time: its tasks come when they are due, without a check."""
    deadline = world.clock.now() + within
    while not (await world.load(campaign)).has_ended:
        assert world.clock.now() < deadline, "the campaign does not come to its end"
        await world.pass_time(HOUR, checks=False)


async def ends(world: World, campaign: Campaign) -> dict[str, tuple[str, str]]:
    """Return by address what has become of a campaign's messages, and why."""
    return {m.address: (m.status, m.reason) for m in await world.messages(campaign)}


async def handed(world: World, address: str) -> dict[str, Any]:
    """Return what a cap counts of a person."""
    document = await world.store.get(paths.reached(ORG, contact_id(address)))
    return document.data["handed"] if document else {}
