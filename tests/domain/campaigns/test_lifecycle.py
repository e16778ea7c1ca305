"""A campaign's statuses: what each action makes of each of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign, Fallback, campaign_fields, campaign_from
from functions.domain.campaigns.lifecycle import check_start_time, transition
from functions.domain.campaigns.rules_in_force import RulesInForce
from functions.domain.campaigns.safety_limits import Canary, Guardrail
from functions.domain.campaigns.send import Content, Send
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.errors import InvalidFieldError, NotDueError, WrongStatusError
from functions.domain.kinds import CampaignKind, ChannelKind
from functions.domain.sending_rules.windows import QuietHours, SendWindow

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)

CAMPAIGN = Campaign(
    id="c1",
    org="acme",
    name="Spring",
    kind=CampaignKind.BROADCAST,
    status=CampaignStatus.SCHEDULED,
    epoch=1,
    own_send=Send(
        "",
        ChannelKind.VOICE,
        "simulator",
        "+12025550111",
        Content(bot_url="wss://bot.example.com", defaults={"first_name": "you"}),
        rate_per_s=2,
    ),
    fallbacks=(
        Fallback(Send("fallback-1", ChannelKind.SMS, "simulator", "CLARION"), ["failed"], 60),
    ),
    rules=RulesInForce(quiet_hours=QuietHours("21:00", "08:00"), sender_rates={"voice": 2}),
    send_window=SendWindow("09:00", "17:00", ["mon"]),
    guardrail=Guardrail(20, 50),
    canary=Canary(5, 10, 60),
    audience=Audience(AudienceKind.LIST, "l1"),
    lanes=1,
    created_at=NOW - timedelta(hours=1),
    created_by="ann",
    scheduled_at=NOW,
)

#: Every arrow that there is; all other pairs of status and action are refused.
ALLOWED = {
    ("draft", "schedule"): "scheduled",
    ("draft", "send"): "running",
    ("draft", "cancel"): "cancelled",
    ("scheduled", "start"): "running",
    ("scheduled", "reschedule"): "scheduled",
    ("scheduled", "hold"): "paused",
    ("scheduled", "cancel"): "cancelled",
    ("running", "pause"): "paused",
    ("running", "cancel"): "cancelled",
    ("running", "complete"): "completed",
    ("running", "fail"): "failed",
    ("paused", "resume"): "running",
    ("paused", "cancel"): "cancelled",
    ("scheduled", "skip"): "cancelled",
    ("paused", "skip"): "cancelled",
    ("completed", "fail"): "failed",
}
ACTIONS = [action for action in Action if action is not Action.CREATE]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("status", list(CampaignStatus))
def test_each_action_is_allowed_from_the_statuses_of_its_arrow_only(
    status: CampaignStatus, action: Action
) -> None:
    """An action moves a campaign along an arrow of the lifecycle, or is refused."""
    campaign = replace(CAMPAIGN, status=status)
    target = ALLOWED.get((status, action))
    if target is None:
        with pytest.raises(WrongStatusError):
            transition(campaign, action, now=NOW)
    else:
        changes = transition(campaign, action, now=NOW, reason="why")
        assert (changes["status"], changes["epoch"], changes["reason"]) == (target, 2, "why")


@pytest.mark.parametrize(
    ("status", "action", "sentence"),
    [
        ("paused", "pause", "Campaign is already paused"),
        ("completed", "pause", "Cannot pause completed campaign"),
        ("scheduled", "pause", "Cannot pause campaign with status: scheduled"),
        ("running", "resume", "Campaign is already running"),
        ("completed", "resume", "Cannot resume completed campaign"),
        ("scheduled", "resume", "Cannot resume campaign with status: scheduled"),
        ("cancelled", "cancel", "Campaign is already cancelled"),
        ("failed", "cancel", "Cannot cancel failed campaign"),
        ("running", "reschedule", "Cannot reschedule campaign with status: running"),
        ("cancelled", "reschedule", "Cannot reschedule cancelled campaign"),
    ],
)
def test_a_refusal_says_what_stands_in_the_way(
    status: CampaignStatus, action: Action, sentence: str
) -> None:
    """The error's sentence names the action and the status."""
    campaign = replace(CAMPAIGN, status=CampaignStatus(status))
    with pytest.raises(WrongStatusError) as refusal:
        transition(campaign, Action(action), now=NOW)
    assert str(refusal.value) == sentence


def test_a_campaign_starts_at_its_time_and_not_before() -> None:
    """A start is refused while the scheduled time lies ahead, and allowed at that very instant."""
    early = NOW - timedelta(microseconds=1)
    with pytest.raises(NotDueError):
        transition(CAMPAIGN, Action.START, now=early)
    assert transition(CAMPAIGN, Action.START, now=NOW)["started_at"] == NOW


@pytest.mark.parametrize(
    ("status", "action", "stamp"),
    [
        ("running", "pause", "paused_at"),
        ("paused", "resume", "resumed_at"),
        ("running", "cancel", "ended_at"),
        ("scheduled", "skip", "ended_at"),
        ("running", "complete", "ended_at"),
        ("running", "fail", "ended_at"),
    ],
)
def test_a_change_is_stamped_with_its_time(
    status: CampaignStatus, action: Action, stamp: str
) -> None:
    """Each change of status notes when it happened."""
    campaign = replace(CAMPAIGN, status=CampaignStatus(status))
    assert transition(campaign, Action(action), now=NOW)[stamp] == NOW


def test_what_turns_out_to_have_failed_ended_when_it_did() -> None:
    """Its receipts tell so later; the end of its work is no other for that."""
    completed = replace(CAMPAIGN, status=CampaignStatus.COMPLETED, ended_at=NOW)
    assert "ended_at" not in transition(completed, Action.FAIL, now=NOW)


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(seconds=-1)])
def test_a_start_must_lie_ahead(ahead: timedelta) -> None:
    """Now itself is too late to be scheduled for, in the words of the contract."""
    with pytest.raises(InvalidFieldError, match=r"^scheduledTime must be in the future\.$"):
        check_start_time(NOW + ahead, now=NOW)


def test_a_start_ahead_is_accepted() -> None:
    """The next instant can be scheduled for."""
    check_start_time(NOW + timedelta(microseconds=1), now=NOW)


def test_a_stored_campaign_reads_back_equal() -> None:
    """What is stored of a campaign rebuilds it; fields of other versions are passed over."""
    stored = {**campaign_fields(CAMPAIGN), "field_of_a_newer_version": 1}
    assert campaign_from("acme", "c1", stored) == CAMPAIGN


def test_start_lateness_is_known_once_started() -> None:
    """Lateness runs from the promised to the actual start."""
    assert CAMPAIGN.start_lateness is None
    started = replace(CAMPAIGN, started_at=NOW + timedelta(seconds=3))
    assert started.start_lateness == timedelta(seconds=3)
