"""What every use case is given: the ports, and the sizes that it works in."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from functions.domain.contacts.sender_lists import SenderGrants
from functions.domain.kinds import ChannelKind
from functions.domain.messages.attempts import DeliveryPolicy
from functions.engine.kernel.commits.joint_commits import JointCommits
from functions.engine.kernel.commits.together import Together
from functions.engine.ports.channel import Bots, Channel, Traits
from functions.engine.ports.clock import Clock
from functions.engine.ports.notifier import Notifier
from functions.engine.ports.queue import TaskQueue
from functions.engine.ports.store import Store
from functions.engine.process.entry_cache import EntryCache
from functions.engine.process.fresh import Fresh
from functions.engine.process.last_used import LastUsed
from functions.engine.process.launched import LaunchedMessages
from functions.engine.process.live_slots import LiveSlots
from functions.engine.process.plan_version import PlanVersion
from functions.engine.process.receiver_slots import ReceiverSlots
from functions.engine.process.reserved import Reserved
from functions.engine.process.salts import Salts
from functions.engine.process.seldom import Seldom
from functions.engine.process.send_lead import SendLead
from functions.engine.process.subscriber_cache import SubscriberCache

if TYPE_CHECKING:
    from functions.domain.campaigns.campaign import Campaign
    from functions.domain.campaigns.send import Send

#: For how long a process remembers a campaign that a receipt was about.
CAMPAIGN_LIFE: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Limits:
    """The engine's sizes; each is a setting of the same name."""

    max_campaigns: int = 5  #: campaigns that one check starts at most
    launch_page: int = 1000  #: messages created in one commit
    dispatch_page: int = 6000  #: messages a lane reads in one query
    chunk: int = 500  #: messages claimed in one commit
    lanes: int = 4
    rate_per_s: float | None = None  #: of calls; overrides the channel's own rate
    live_calls_per_org: int = 10
    live_calls_total: int = 50
    live_call_freed_within: timedelta = timedelta()  #: ends wait so long to share a write
    reserve_ahead: timedelta = timedelta(seconds=2)  #: of a rate that nobody else makes use of
    windows: bool = True  #: keep to the calling windows
    #: Receipts of a campaign of texts that come within it share a commit.
    receipts_moment: timedelta = timedelta()
    lane_lease: timedelta = timedelta(seconds=10)
    task_deadline: timedelta = timedelta(seconds=480)  #: a task hands on to its continuation
    schedule_ahead: timedelta = timedelta(days=14)  #: how far ahead a campaign may be scheduled
    poll_after: tuple[timedelta, ...] = tuple(
        timedelta(seconds=s) for s in (30, 300, 600, 900, 1200, 1500, 1800)
    )  #: after the end of a campaign's sending, when receipts are counted


@dataclass(frozen=True, slots=True)
class ProcessMemory:
    """What this process remembers; losing it loses nothing."""

    subscribers: SubscriberCache = field(default_factory=SubscriberCache)
    receiver_slots: ReceiverSlots = field(default_factory=ReceiverSlots)
    send_lead: SendLead = field(default_factory=SendLead)
    reserved: Reserved = field(default_factory=lambda: Reserved(10_000))
    live_slots: LiveSlots = field(default_factory=LiveSlots)
    salts: Salts = field(default_factory=Salts)
    launched: LaunchedMessages = field(default_factory=LaunchedMessages)
    plans: LastUsed[str, PlanVersion] = field(default_factory=lambda: LastUsed(256))
    #: What is shown of campaigns whose documents tell all of it: alone and as rows of a list, by
    #: path and version.
    shown: LastUsed[tuple[str, int], Any] = field(default_factory=lambda: LastUsed(1000))
    rows: LastUsed[tuple[str, int], bytes] = field(default_factory=lambda: LastUsed(1000))
    entries: EntryCache = field(default_factory=EntryCache)
    #: By their paths, as receipts have read them.
    campaigns: Fresh[str, "Campaign"] = field(default_factory=lambda: Fresh(CAMPAIGN_LIFE, 256))
    #: Receipts of a campaign that share a commit; a few writes each.
    receipts: Together = field(default_factory=lambda: Together(100))
    #: What puts people on a list, and what takes them off: each is to write the same pages.
    lists: Together = field(default_factory=lambda: Together(200))
    #: What calls' ends wait for others with, by the campaign.
    joint_commits: JointCommits = field(default_factory=JointCommits)
    #: What asks for one lane to be looked at.
    wake_ups: Together = field(default_factory=lambda: Together(1000))
    #: How often the check looks for counts of days that are to be moved.
    delivery_days: Seldom = field(default_factory=lambda: Seldom(timedelta(minutes=10)))


@dataclass(frozen=True, slots=True)
class Engine:
    """The ports and sizes, handed to every use case."""

    store: Store
    queue: TaskQueue
    channels: Mapping[str, Channel]  #: whom this process sends by
    bots: Bots
    notifier: Notifier
    clock: Clock
    limits: Limits = field(default_factory=Limits)
    policy: DeliveryPolicy = field(default_factory=DeliveryPolicy)
    #: Who sends for each kind of channel; a kind that is not here cannot be sent by.
    providers: Mapping[ChannelKind, str] = field(default_factory=dict)
    #: What providers are like that others of this deployment send by.
    known: Mapping[str, Traits] = field(default_factory=dict)
    #: What the deployment lets each organisation send from.
    senders: SenderGrants = field(default_factory=SenderGrants)
    #: URLs of our own network may be called: everything runs on one machine.
    private_hosts: bool = False
    instance: str = "local"  #: names this process to the operator
    #: Set once this process is to end: tasks send what they have claimed, and hand the rest on.
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    memory: ProcessMemory = field(default_factory=ProcessMemory)

    def channel(self, send: "Send") -> Channel:
        """Return the channel that a send goes by. Raises ProviderMissingError."""
        try:
            return self.channels[send.provider]
        except KeyError:
            raise ProviderMissingError(send.provider) from None

    def traits(self, send: "Send") -> Traits:
        """Return what the channel is like that a send goes by, here or elsewhere.

        Raises ProviderMissingError.
        """
        return self.traits_of(send.provider)

    def traits_of(self, provider: str) -> Traits:
        """Return the traits of a provider's channel. Raises ProviderMissingError."""
        channel = self.channels.get(provider)
        traits = channel.traits if channel else self.known.get(provider)
        if traits is None:
            raise ProviderMissingError(provider)
        return traits

    def holds_live_call(self, send: "Send") -> bool:
        """Tell whether each message of a send takes a live-call slot, as far as is known here."""
        with suppress(ProviderMissingError):
            return self.traits(send).holds_live_call
        return False

    def rate_of(self, provider: str) -> float | None:
        """Return how many messages a second a sender of this provider may send; None: any."""
        traits = self.traits_of(provider)
        of_calls = self.limits.rate_per_s if traits.holds_live_call else None
        return of_calls or traits.rate_per_s


class ProviderMissingError(Exception):
    """A campaign's provider is not set up in this process, whose settings name another one."""

    def __init__(self, provider: str) -> None:
        super().__init__(f"the provider {provider} is not set up here")
