"""A campaign as it is stored."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from functions.domain.campaigns.audience import (
    Audience,
    AudienceKind,
    audience_fields,
    audience_from,
)
from functions.domain.campaigns.entry import Entry
from functions.domain.campaigns.repeat import Repeat
from functions.domain.campaigns.rules_in_force import RulesInForce, rules_fields, rules_from
from functions.domain.campaigns.safety_limits import Canary, Guardrail
from functions.domain.campaigns.send import Content, Send, send_fields, send_from
from functions.domain.campaigns.status import ENDED, CampaignStatus
from functions.domain.campaigns.stored import record_or_none
from functions.domain.kinds import (
    CampaignFacts,
    CampaignKind,
    ChannelKind,
    campaign_facts,
    facts_of,
)
from functions.domain.messages.ids import fallback_number, is_of_node, node_send
from functions.domain.messages.message import Message
from functions.domain.sending_rules.windows import SendWindow


class Fallback(NamedTuple):
    """Another send, for recipients whom the send before did not reach."""

    send: Send
    after: Sequence[str]  #: reason codes, and the words for several of them (fallbacks.py)
    wait_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One campaign, as stored under orgs/{org}/campaigns/{id}. All instants are UTC."""

    id: str
    org: str
    name: str
    kind: CampaignKind
    status: CampaignStatus
    epoch: int  #: grows with every change of status
    own_send: Send
    fallbacks: Sequence[Fallback] = ()
    audience: Audience
    rules: RulesInForce = field(default_factory=RulesInForce)
    lanes: int  #: how many slices its messages are dispatched in
    own_rate_per_s: float | None = None  #: what was asked for this campaign alone
    created_at: datetime
    created_by: str
    updated_at: datetime | None = None  #: when it was last changed, its status too
    total: int = 0  #: people in the audience when it was created
    client_id: str | None = None
    scheduled_at: datetime | None = None
    scheduled_by: str | None = None
    started_at: datetime | None = None
    paused_at: datetime | None = None
    resumed_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None  #: why it was paused, cancelled or failed
    trouble: str | None = None  #: the last task that was given up, for the operator
    attention: bool = False  #: Clarion has stopped it, or given up some of its work
    send_window: SendWindow | None = None
    not_after: datetime | None = None  #: what cannot be sent before then expires
    late_start: str = "run"  #: what becomes of a start beyond the grace period (LateStart)
    grace_s: int = 3600  #: how late a start may be before that
    guardrail: Guardrail | None = None
    canary: Canary | None = None
    canary_passed: bool = False  #: the first messages have gone well
    bot_ready: bool = False  #: the bot has answered since the campaign started
    plan: int = 0  #: the version of its plan that people enter; 0 where it has none
    #: By what the sends of its plans' nodes go, each without what it says; none is taken away.
    routes: Sequence[Send] = ()
    plan_routes: Sequence[int] = ()  #: the numbers of those of this version; older ones keep theirs
    entry: Entry | None = None  #: who enters its plan, and how often
    entry_open: bool = False  #: people may still enter
    series: str = ""  #: the id of the first run of its series; "" where it comes once
    repeat: Repeat | None = None  #: how it comes again, and which of the runs it is
    counts: Mapping[str, int] | None = None  #: its statistics, as far as they stand here
    #: In which tier after its end others were last counted in shards (engine/messages/shards.py).
    open_tier: int | None = 0  #: None: all of them stand here
    recall: Mapping[str, Any] | None = None  #: what its cancel has taken back, once that is known

    @property
    def facts(self) -> CampaignFacts:
        """What holds for the campaign's kind."""
        return campaign_facts(self.kind)

    @property
    def channel(self) -> ChannelKind:
        """The channel of the campaign's own send."""
        return self.own_send.channel

    @property
    def sends(self) -> Sequence[Send]:
        """Every send of the campaign, its own first."""
        return (self.own_send, *(fallback.send for fallback in self.fallbacks))

    @property
    def launches(self) -> bool:
        """True where its audience is read once it has started."""
        return self.facts.launches_audience and self.audience.kind is not AudienceKind.ENTRANTS

    @property
    def completes(self) -> bool:
        """True where it ends by itself once its lanes have nothing left to do."""
        return self.facts.completes and not self.entry_open

    @property
    def entry_routes(self) -> Sequence[Send]:
        """The routes of the version of its plan that people enter."""
        return [self.routes[number] for number in self.plan_routes]

    @property
    def has_calls(self) -> bool:
        """True where some of its messages are calls."""
        return any(facts_of(send.channel).is_call for send in (*self.sends, *self.routes))

    @property
    def may_follow_up(self) -> bool:
        """True where a message by another channel may follow one of its messages."""
        return bool(self.fallbacks) or bool(self.plan)

    def send(self, key: str) -> Send:
        """Return the send that a message names. Raises IndexError for an unknown key.

        That of a plan's node is without what it says, which stands in the plan.
        """
        if is_of_node(key):
            return self.routes[node_send(key).route]._replace(key=key)
        return self.fallbacks[fallback_number(key) - 1].send if key else self.own_send

    def fallback_after(self, key: str) -> Fallback | None:
        """Return the fallback that may follow messages of a send."""
        number = fallback_number(key)
        return self.fallbacks[number] if number < len(self.fallbacks) else None

    def suppression_scopes(self, send: Send) -> frozenset[str]:
        """Return the scopes of the suppressions that hold for a send."""
        return frozenset({"all", send.channel, self.kind})

    def last_instant(self, message: Message) -> datetime | None:
        """Return when a message expires that has not been sent; None where it does not."""
        if message.not_after is None or self.not_after is None:
            return message.not_after or self.not_after
        return min(message.not_after, self.not_after)

    def expires_by(self, at: datetime, message: Message | None = None) -> bool:
        """Tell whether what has not been sent before then must not be sent any more.

        A message of a plan's node may have less time than its campaign.
        """
        last = self.not_after if message is None else self.last_instant(message)
        return last is not None and at >= last

    @property
    def has_ended(self) -> bool:
        """True once nothing can bring the campaign back to work."""
        return self.status in ENDED

    @property
    def start_lateness(self) -> timedelta | None:
        """Time from the promised to the actual start."""
        if self.scheduled_at is None or self.started_at is None:
            return None
        return self.started_at - self.scheduled_at


_NAMES: Final = frozenset(f.name for f in fields(Campaign)) - {"id", "org"}
#: How fields are stored that are not stored as they are; campaign_from reads them.
_STORED: Final[Mapping[str, Callable[[Any], Any]]] = {
    "own_send": send_fields,
    "fallbacks": lambda fallbacks: [
        {**fallback._asdict(), "send": send_fields(fallback.send)} for fallback in fallbacks
    ],
    "audience": audience_fields,
    "rules": rules_fields,
    "routes": lambda routes: [send_fields(route) for route in routes],
    **dict.fromkeys(
        ("send_window", "guardrail", "canary", "entry", "repeat"),
        lambda limit: limit._asdict() if limit else None,
    ),
}
_FLAT: Final = _NAMES - _STORED.keys()


def campaign_from(org: str, id_: str, data: Mapping[str, Any]) -> Campaign:
    """Rebuild a campaign from its stored fields; a newer version's fields are left out."""
    stored = {name: value for name, value in data.items() if name in _FLAT}
    stored["kind"] = CampaignKind(stored["kind"])
    stored["status"] = CampaignStatus(stored["status"])
    return Campaign(
        id=id_,
        org=org,
        own_send=send_from(data["own_send"]),
        fallbacks=tuple(
            Fallback(send_from(each["send"]), each["after"], each["wait_s"])
            for each in data["fallbacks"]
        ),
        audience=audience_from(data["audience"]),
        rules=rules_from(data["rules"]),
        send_window=record_or_none(SendWindow, data["send_window"]),
        guardrail=record_or_none(Guardrail, data["guardrail"]),
        canary=record_or_none(Canary, data["canary"]),
        routes=tuple(map(send_from, data["routes"])),
        entry=record_or_none(Entry, data["entry"]),
        repeat=record_or_none(Repeat, data.get("repeat")),
        **stored,
    )


def campaign_fields(campaign: Campaign) -> dict[str, Any]:
    """Return what is stored of a campaign; its id and org are its path."""
    return {
        **some_fields(campaign, _NAMES),
        # What campaigns are found by.
        "channel": campaign.channel,
        "name_key": name_key(campaign.name),
        "entry_event": campaign.entry.event or None if campaign.entry else None,
    }


def some_fields(campaign: Campaign, names: Iterable[str]) -> dict[str, Any]:
    """Return what is stored of some of a campaign's fields, by name."""
    values = ((name, getattr(campaign, name)) for name in names)
    return {name: _STORED[name](value) if name in _STORED else value for name, value in values}


def with_changes(campaign: Campaign, changes: Mapping[str, Any]) -> Campaign:
    """Return a campaign with changes, by name, of it, of its own send and of its content."""
    send = campaign.own_send
    of_content = {name: changes[name] for name in changes.keys() & set(Content._fields)}
    of_send = {name: changes[name] for name in changes.keys() & set(Send._fields)}
    others = {name: changes[name] for name in changes.keys() - of_content.keys() - of_send.keys()}
    own_send = send._replace(content=send.content._replace(**of_content), **of_send)
    return replace(campaign, own_send=own_send, **others)


def name_key(name: str) -> str:
    """Return what names are sorted and searched by: their beginning, without regard to case."""
    return name.casefold()
