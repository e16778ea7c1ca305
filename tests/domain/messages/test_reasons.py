"""Words for every status, receipt and reason that there can be."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import pytest

from functions.channels.plivo import sms_statuses
from functions.channels.plivo.voice_statuses import HANGUP_CAUSES, STATUS
from functions.channels.statuses import ProviderStatus
from functions.channels.twilio import statuses as twilio_statuses
from functions.channels.whatsapp import statuses as whatsapp_statuses
from functions.domain.campaigns.fallbacks import may_follow
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.delivery_events import EventKind, Retry
from functions.domain.messages.message import MessageStatus
from functions.domain.messages.reasons import REASONS, RECEIPTS, STATUSES, explain
from functions.domain.messages.refusal_codes import REFUSALS
from tests.test_docs import reasons

_CODE = re.compile(r"[a-z0-9_]+")
#: What a family of reasons goes on with.
_FAMILIES: Mapping[str, Sequence[str]] = {
    "provider_*": ["0", "429", "500", "3020", "63016", "failed", "cancel", "unknown"],
    "campaign_*": list(CampaignStatus),
}
#: Reasons that the search for literals does not see.
_NAMED = {
    *("contact_erased", "inactive", "suppressed", "missing_field", "template_too_large"),
    *("not_delivered", "unsubscribed", "complained", "refused_by_policy"),
    *("relay_denied", "sender_listed", "sender_refused", "not_authenticated", "login_refused"),
    *("sending_quota", "moved_on", "run_skipped", "sender_not_allowed", "no_sender"),
}


#: Refusals by HTTP and by mail servers, which have no tables.
_WITHOUT_TABLE: Final = (
    *(f"provider_{status}" for status in (401, 402, 403)),
    *(f"provider_error_{code}" for code in (530, 534, 535, 538)),
)


def every_reason() -> list[str]:
    """Return every reason that a message or a campaign can have."""
    found = {each for each in reasons() if _CODE.fullmatch(each.removesuffix("*"))} | _NAMED
    whole = {each for each in found if not each.endswith("*")}
    told = {cause.reason for cause in _causes() if cause.reason}
    ends = [
        (family.removesuffix("*") + end) for family in found - whole for end in _FAMILIES[family]
    ]
    return sorted({*whole, *told, *ends})


def _causes() -> list[ProviderStatus]:
    tables = (
        *(HANGUP_CAUSES, STATUS, sms_statuses.ERRORS, whatsapp_statuses.ERRORS),
        *(twilio_statuses.ERRORS, twilio_statuses.STATUS),
    )
    return [cause for table in tables for cause in table.values() if cause is not None]


@pytest.mark.parametrize("reason", every_reason())
def test_every_reason_has_words(reason: str) -> None:
    """Whoever adds a reason says what it means, as a clause that can follow "because"."""
    words = explain(reason)
    assert words != reason
    assert " " in words
    assert words[0].islower()
    assert not words.endswith(".")


def test_whatever_pauses_a_campaign_has_words_of_its_own() -> None:
    """An operator reads why a provider refuses us, and need not look up its codes."""
    of_us = {cause.reason for cause in _causes() if cause.retry in {Retry.STOP, Retry.REFUSED}}
    shared = {"provider_error_10", *(f"provider_error_{code}" for code in range(200, 300))}
    assert of_us - shared <= {*REFUSALS, *REASONS}
    assert {each for each in REFUSALS if each not in of_us} <= set(_WITHOUT_TABLE)


def test_no_words_stand_for_a_reason_that_there_is_not() -> None:
    """A reason that the code no longer knows leaves the table too."""
    assert set(REASONS) <= {*every_reason(), "campaign_cancelled", "campaign_failed"}


def test_a_fallback_may_follow_every_reason_to_fail() -> None:
    """Whatever a provider's table calls a failure can be named, unless it is our own doing."""
    failures = {cause.reason for cause in _causes() if cause.kind is EventKind.FAILED}
    assert {each for each in failures if each and not may_follow(each)} == {"recalled"}


def test_every_status_and_receipt_has_words() -> None:
    """Nothing that can happen to a message is left untold."""
    assert set(STATUSES) == set(MessageStatus)
    assert set(RECEIPTS) == set(EventKind)


def test_what_a_person_wrote_speaks_for_itself() -> None:
    """An operator's own reason is told as it was written."""
    assert explain("The list was wrong, sorry!") == "The list was wrong, sorry!"
    assert explain("") == ""
