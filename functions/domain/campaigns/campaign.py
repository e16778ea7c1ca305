"""A campaign and the one table of its statuses (drawn in docs/lifecycle.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

from functions.domain.campaigns.status import ENDED, CampaignStatus
from functions.domain.kinds import CampaignKind, ChannelKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One campaign, as stored under orgs/{org}/campaigns/{id}. All instants are UTC."""

    id: str
    org: str
    name: str
    kind: CampaignKind
    status: CampaignStatus
    epoch: int  #: grows with every change of status
    provider: str
    channel: ChannelKind = ChannelKind.VOICE
    sender: str  #: the number or address that people see
    bot_url: str = ""  #: where answered calls are connected to, ws:// or wss://
    template: str = ""  #: what its text messages say, before it is filled in
    template_id: str = ""  #: the named template that this text was taken from
    template_version: int = 0
    subject: str = ""  #: what its mails are headed with, before it is filled in
    html: str = ""  #: what its mails show, before it is filled in; "" for text alone
    provider_template: str = ""  #: a text that the provider keeps and fills in itself
    language: str = ""  #: of that text
    parameters: Sequence[str] = ()  #: what that text is filled in with, each a template
    webhook_url: str = ""  #: where its webhook messages are posted to
    missing: str = "blank"  #: what becomes of a person who lacks a field of the template
    defaults: Mapping[str, str] = field(default_factory=dict)  #: values for those who have none
    audience: Mapping[str, str]  #: {"kind": ..., "id": ...}
    lanes: int  #: how many slices its messages are dispatched in
    rate_per_s: float | None  #: messages a second, of this campaign and of its sender
    own_rate_per_s: float | None = None  #: the lower one that was asked for this campaign alone
    created_at: datetime
    created_by: str
    updated_at: datetime | None = None  #: when a draft was last changed
    total: int = 0  #: people in the audience when it was created
    client_id: str | None = None
    machine_detection: str = ""
    scheduled_at: datetime | None = None
    scheduled_by: str | None = None
    started_at: datetime | None = None
    paused_at: datetime | None = None
    resumed_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None  #: why it was paused, cancelled or failed
    trouble: str | None = None  #: the last task that was given up, for the operator
    quiet_hours: Mapping[str, str] | None = None  #: the organisation's own, {"start", "end"}
    default_zone: str = ""  #: for people whose zone nobody knows
    country_rules: Mapping[str, Any] = field(default_factory=dict)  #: said instead of countries'
    frequency_caps: Sequence[Mapping[str, Any]] = ()  #: the organisation's own (caps.py)
    sender_rates: Mapping[str, float] = field(default_factory=dict)  #: its organisation's
    warm_up: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  #: its organisation's
    send_window: Mapping[str, Any] | None = None  #: its own hours, {"start", "end", "days"}
    not_after: datetime | None = None  #: what cannot be sent before then expires
    late_start: str = "run"  #: what becomes of a start beyond the grace period (LateStart)
    grace_s: int = 3600  #: how late a start may be before that
    guardrail: Mapping[str, int] | None = None  #: {"failed_percent", "of_last"}
    canary: Mapping[str, int] | None = None  #: {"first", "failed_percent", "wait_s"}
    canary_passed: bool = False  #: those first ones have gone well
    fallbacks: Sequence[Mapping[str, Any]] = ()  #: how those are reached who were not (fallback.py)
    poll_after_s: Sequence[int] | None = None  #: the organisation's own polling schedule
    bot_ready: bool = field(default=False)  #: the bot has answered since the campaign started

    def at_step(self, step: int) -> "Campaign":
        """Return the campaign as it sends the messages of a step (see Message.step)."""
        if step == 0:
            return self
        fallback = self.fallbacks[step - 1]
        fields = {name: value for name, value in fallback.items() if name in _BY_STEP}
        return replace(self, **{**fields, "channel": ChannelKind(fallback["channel"])})

    @property
    def suppression_scopes(self) -> frozenset[str]:
        """What somebody may have been suppressed for, so that this campaign leaves them out."""
        return frozenset({"all", self.channel, self.kind})

    def expires_by(self, at: datetime) -> bool:
        """Tell whether what has not been sent before then must not be sent any more."""
        return self.not_after is not None and at >= self.not_after

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


_NAMES = frozenset(f.name for f in fields(Campaign)) - {"id", "org"}
#: What a fallback says anew of the campaign.
_BY_STEP = frozenset(
    {
        "provider",
        "sender",
        "rate_per_s",
        "bot_url",
        "webhook_url",
        "template",
        "subject",
        "html",
        "provider_template",
        "language",
        "parameters",
    }
)


def campaign_from(org: str, id_: str, data: Mapping[str, Any]) -> Campaign:
    """Rebuild a campaign from its stored fields."""
    stored = {name: value for name, value in data.items() if name in _NAMES}
    stored["kind"] = CampaignKind(stored["kind"])
    # Campaigns that were stored before there were texts have none.
    stored["channel"] = ChannelKind(stored.get("channel", ChannelKind.VOICE))
    stored["status"] = CampaignStatus(stored["status"])
    return Campaign(id=id_, org=org, **stored)


def campaign_fields(campaign: Campaign) -> dict[str, Any]:
    """Return what is stored of a campaign; its id and org are its path."""
    stored = {name: getattr(campaign, name) for name in _NAMES}
    return {**stored, "name_key": name_key(campaign.name)}


def name_key(name: str) -> str:
    """Return what names are sorted and searched by: their beginning, without regard to case."""
    return name.casefold()
