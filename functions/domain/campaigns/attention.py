"""Attention: which campaigns wait for a person, why, and what that person does next.

The sentences are those of the table in docs/lifecycle.md.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import ARROWS, Action, CampaignStatus
from functions.domain.kinds import CampaignKind
from functions.domain.messages.reasons import explain

#: The code of a campaign whose work is due, and that nobody works on.
STALE: Final = "stale"
TROUBLE: Final = "trouble"

_ACCOUNT: Final = (
    "check the provider's account and its secret in the settings (of Plivo PLIVO_AUTH_ID and"
    " PLIVO_AUTH_TOKEN), resume"
)
#: What a person does next, by the reason for which Clarion has stopped a campaign.
NEXT_STEPS: Final[Mapping[str, str]] = {
    "bot_not_ready": "mend the bot, resume",
    "provider_401": _ACCOUNT,
    "provider_403": _ACCOUNT,
    "late_start": "resume, cancel, or send it another time",
    "sender_not_allowed": "grant the sender and resume, or duplicate it and name another",
    "no_sender": "set senders of the settings, resume",
    "canary_failed": "look at the reasons, mend the cause, resume: it goes on without a canary",
    "too_many_failed": "look at the reasons, mend the cause, resume: it is judged anew",
}
_ELSE: Final = "mend the cause, resume: whoever met it is tried again"
_OF_TROUBLE: Final = "read the log of the server, and mend the cause: the check goes on with it"
_OF_STALE: Final = "see that a server runs and that its check is called (GET /health)"


class Attention(NamedTuple):
    """Why a campaign waits for a person, and what to do about it."""

    code: str  #: the reason for which it was stopped, TROUBLE or STALE
    why: str
    next_step: str
    since: datetime | None


def is_stop(campaign: Campaign, action: Action) -> bool:
    """Tell whether an action of Clarion's own has a campaign wait for a person.

    A single message is nobody's campaign: its sender is told by its own answer.
    """
    paused = ARROWS[action][1] is CampaignStatus.PAUSED
    return paused and campaign.kind is not CampaignKind.SINGLE


def attention_of(campaign: Campaign) -> Attention | None:
    """Return why a campaign waits for a person; None where it does not."""
    if not campaign.attention:
        return None
    if campaign.status is not CampaignStatus.PAUSED:
        return Attention(TROUBLE, campaign.trouble or "", _OF_TROUBLE, None)
    reason = campaign.reason or ""
    return Attention(reason, explain(reason), NEXT_STEPS.get(reason, _ELSE), campaign.paused_at)


def stale(since: datetime) -> Attention:
    """Return why a campaign waits for a person whose work is due since then."""
    why = "work of it has been due for minutes, and nobody does it"
    return Attention(STALE, why, _OF_STALE, since)
