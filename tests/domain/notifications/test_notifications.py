"""What subscribers are told, how it is signed, and when it is tried again."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.messages.message import MessageStatus
from functions.domain.notifications.events import (
    TEST,
    campaign_notice,
    message_notice,
    opt_out_notice,
    reply_notice,
)
from functions.domain.notifications.notification import (
    BACKOFF,
    LEASE,
    LONGEST_PUT_OFF,
    LONGEST_RETRY_AFTER,
    PUT_OFF,
    NoResponse,
    NotificationStatus,
    PostResult,
    Responded,
    after_attempt,
    is_worn_out,
    lease,
    notification_fields,
    notification_from,
    put_off,
    replay,
)
from tests.domain.notifications.samples import CAMPAIGN, MESSAGE, NOW, PENDING

# --- What is told ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "status", "told"),
    [
        (Action.CREATE, CampaignStatus.RUNNING, "campaign.started"),
        (Action.CREATE, CampaignStatus.SCHEDULED, "campaign.scheduled"),
        (Action.SCHEDULE, CampaignStatus.SCHEDULED, "campaign.scheduled"),
        (Action.RESCHEDULE, CampaignStatus.SCHEDULED, "campaign.scheduled"),
        (Action.SEND, CampaignStatus.RUNNING, "campaign.started"),
        (Action.START, CampaignStatus.RUNNING, "campaign.started"),
        (Action.PAUSE, CampaignStatus.PAUSED, "campaign.paused"),
        (Action.RESUME, CampaignStatus.RUNNING, "campaign.resumed"),
        (Action.COMPLETE, CampaignStatus.COMPLETED, "campaign.completed"),
        (Action.CANCEL, CampaignStatus.CANCELLED, "campaign.cancelled"),
        (Action.FAIL, CampaignStatus.FAILED, "campaign.failed"),
    ],
)
def test_each_change_of_a_campaign_has_its_event(
    action: Action, status: CampaignStatus, told: str
) -> None:
    """What is told has the type of the change, and the campaign as it is after it."""
    notice = campaign_notice(replace(CAMPAIGN, status=status), action, now=NOW)
    assert notice is not None
    assert (notice.type, notice.at) == (told, NOW)
    assert notice.data["status"] == status


def test_a_new_draft_is_nobodys_business() -> None:
    """Of a campaign that is only being written nothing is told."""
    draft = replace(CAMPAIGN, status=CampaignStatus.DRAFT)
    assert campaign_notice(draft, Action.CREATE, now=NOW) is None


def test_one_change_has_one_id() -> None:
    """Telling the same change twice has one id; the next change has another."""
    first = campaign_notice(CAMPAIGN, Action.PAUSE, now=NOW)
    again = campaign_notice(CAMPAIGN, Action.PAUSE, now=NOW + LEASE)
    later = campaign_notice(replace(CAMPAIGN, epoch=4), Action.PAUSE, now=NOW)
    assert first is not None
    assert again is not None
    assert later is not None
    assert first.id == again.id != later.id
    assert "." not in first.id, "the specification keeps full stops out of ids"


_S = MessageStatus


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (_S.SENT, _S.DELIVERED, "message.delivered"),
        (_S.SENT, _S.ANSWERED, "message.delivered"),
        (_S.SENT, _S.READ, "message.delivered"),
        (_S.DELIVERED, _S.READ, None),
        (_S.READ, _S.FAILED, "message.failed"),
        (_S.UNKNOWN, _S.SENT, None),
        (_S.PENDING, _S.EXPIRED, None),
        (_S.UNKNOWN, _S.COMPLETED, "message.delivered"),
        (_S.SENDING, _S.FAILED, "message.failed"),
        (_S.DELIVERED, _S.FAILED, "message.failed"),
        (_S.DELIVERED, _S.ANSWERED, None),
        (_S.ANSWERED, _S.COMPLETED, None),
        (_S.SENT, _S.PENDING, None),
        (_S.SENDING, _S.SENT, None),
        (_S.PENDING, _S.CANCELLED, None),
        (_S.FAILED, _S.FAILED, None),
    ],
)
def test_a_message_is_told_of_when_it_arrives_and_when_it_fails(
    before: str, after: str, told: str | None
) -> None:
    """Each attempt that reaches the person is told of once, and the end of one that does not."""
    message = MESSAGE._replace(status=before)
    notice = message_notice(CAMPAIGN, message, {"status": after, "reason": "busy"}, now=NOW)
    assert (notice.type if notice else None) == told
    if notice:
        assert notice.data == {
            "campaign_id": "c1",
            "message_id": "c1.m1",
            "contact_id": "p1",
            "channel": "voice",
            "status": after,
            "reason": "busy",
            "attempt": 2,
        }


def test_an_attempt_has_its_own_id() -> None:
    """A second attempt that reaches the person is another event than the first."""
    reached = {"status": MessageStatus.DELIVERED}
    first = message_notice(CAMPAIGN, MESSAGE, reached, now=NOW)
    second = message_notice(CAMPAIGN, MESSAGE._replace(attempt=3), reached, now=NOW)
    assert first is not None
    assert second is not None
    assert first.id != second.id


@pytest.mark.parametrize(
    ("message", "campaign", "id_"), [("c1.m1", "c1", "c1.m1"), (None, None, None)]
)
def test_a_reply_names_the_message_that_it_answers(
    message: str | None, campaign: str | None, id_: str | None
) -> None:
    """A text that answers nothing we know of is told as well, once under one id."""
    notice = reply_notice("i1", "p1", message, at=NOW)
    assert (notice.type, notice.id) == (
        "message.replied",
        reply_notice("i1", "p1", message, at=NOW + LEASE).id,
    )
    assert notice.data == {
        "inbound_id": "i1",
        "contact_id": "p1",
        "campaign_id": campaign,
        "message_id": id_,
    }


def test_nothing_that_is_told_holds_an_address_a_text_or_a_name() -> None:
    """Whoever reads another system's log learns nobody's number and no message."""
    failed = {"status": MessageStatus.FAILED}
    notices = [
        campaign_notice(CAMPAIGN, Action.PAUSE, now=NOW),
        message_notice(CAMPAIGN, MESSAGE, failed, now=NOW),
        message_notice(CAMPAIGN, MESSAGE._replace(contact=""), failed, now=NOW),
        opt_out_notice("p1", "all", "asked", at=NOW),
        reply_notice("i1", "p1", "c1.m1", at=NOW),
    ]
    told = json.dumps([notice.data for notice in notices if notice], default=str)
    for secret in (
        MESSAGE.address,
        MESSAGE.body,
        CAMPAIGN.own_send.content.template,
        CAMPAIGN.created_by,
    ):
        assert secret not in told


def test_the_body_is_the_same_at_each_attempt() -> None:
    """An envelope holds id, type, time and data, and is the same bytes whenever it is made."""
    tried = PENDING._replace(attempts=4, wake_at=NOW + LEASE, last_status=500)
    assert tried.body("acme") == PENDING.body("acme")
    assert json.loads(PENDING.body("acme")) == {
        "id": "evt_1",
        "type": "campaign.started",
        "timestamp": "2026-03-02T12:00:00.000Z",
        "org": "acme",
        "data": {"campaign_id": "c1"},
    }


# --- Attempts --------------------------------------------------------------------------------


def _attempted(
    result: PostResult, *, attempts: int = 1, jitter: float = 0, type_: str = PENDING.type
) -> dict[str, Any]:
    tried = PENDING._replace(attempts=attempts, type=type_)
    return after_attempt(tried, result, now=NOW, jitter=jitter)


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_any_2xx_is_success(status: int) -> None:
    """A notification that the receiver took is delivered, and nothing is left to do."""
    changes = _attempted(Responded(status))
    assert (changes["status"], changes["wake_at"]) == (NotificationStatus.DELIVERED, None)
    assert (changes["last_status"], changes["last_error"]) == (status, None)


@pytest.mark.parametrize(
    ("result", "status", "error"),
    [
        (Responded(301), 301, "answered_301"),
        (Responded(404), 404, "answered_404"),
        (Responded(500), 500, "answered_500"),
        (NoResponse("timeout"), None, "timeout"),
    ],
)
def test_everything_else_is_tried_again(result: PostResult, status: int | None, error: str) -> None:
    """Redirects, refusals, errors and silence are told, and wait for the next attempt."""
    changes = _attempted(result)
    assert changes["status"] == NotificationStatus.PENDING
    assert (changes["last_status"], changes["last_error"]) == (status, error)
    assert changes["attempted_at"] == NOW


@pytest.mark.parametrize(("attempts", "wait"), list(enumerate(BACKOFF, start=1)))
def test_the_waits_grow(attempts: int, wait: timedelta) -> None:
    """The n-th failure is followed by the n-th wait, up to a fifth longer."""
    assert _attempted(Responded(500), attempts=attempts)["wake_at"] == NOW + wait
    latest = _attempted(Responded(500), attempts=attempts, jitter=1)["wake_at"]
    assert latest == NOW + wait * 1.2


def test_after_the_last_wait_it_has_failed() -> None:
    """Nine attempts are made in about 22 hours, and no more."""
    changes = _attempted(Responded(500), attempts=len(BACKOFF) + 1)
    assert (changes["status"], changes["wake_at"]) == (NotificationStatus.FAILED, None)
    assert timedelta(hours=22) < sum(BACKOFF, timedelta()) < timedelta(hours=23)


def test_gone_is_gone() -> None:
    """An answer of 410 ends the notification at the first attempt."""
    assert _attempted(Responded(410))["status"] == NotificationStatus.FAILED


def test_a_test_is_sent_once() -> None:
    """Whoever tries out a receiver is told at once what came of it."""
    assert _attempted(Responded(500), type_=TEST)["status"] == NotificationStatus.FAILED
    assert _attempted(Responded(200), type_=TEST)["status"] == NotificationStatus.DELIVERED


@given(
    st.integers(1, len(BACKOFF)),
    st.timedeltas(timedelta(0), timedelta(days=30)),
    st.floats(0, 1),
)
def test_retry_after_is_honoured_within_bounds(
    attempts: int, asked: timedelta, jitter: float
) -> None:
    """A receiver is not asked again before it said, nor before its back-off, nor never."""
    result = Responded(503, asked)
    wait = _attempted(result, attempts=attempts, jitter=jitter)["wake_at"] - NOW
    assert wait >= BACKOFF[attempts - 1]
    assert wait >= min(asked, LONGEST_RETRY_AFTER)
    assert wait <= max(BACKOFF[attempts - 1] * 1.2, LONGEST_RETRY_AFTER)


def test_a_lease_counts_the_attempt_before_it_is_made() -> None:
    """A sender that dies again and again uses up the attempts, and does not go on for ever."""
    tried, now = PENDING, NOW
    for _ in range(len(BACKOFF) + 1):
        assert not is_worn_out(tried)
        tried = tried._replace(**lease(tried, now=now))
        assert tried.wake_at == now + LEASE
        now += LEASE
    assert is_worn_out(tried)


def test_being_put_off_counts_no_attempt_and_takes_longer_each_time() -> None:
    """A receiver that is busy is looked at again after 2 to 4 s, then twice that, up to 20 min."""
    tried = PENDING._replace(attempts=3)
    waits = []
    for _ in range(20):
        changes = put_off(tried, now=NOW, jitter=0)
        tried = tried._replace(**changes)
        waits.append(changes["wake_at"] - NOW)
    assert tried.attempts == 3
    assert waits[:3] == [PUT_OFF, 2 * PUT_OFF, 4 * PUT_OFF]
    assert waits[-1] == LONGEST_PUT_OFF
    assert put_off(PENDING, now=NOW, jitter=1)["wake_at"] == NOW + 2 * PUT_OFF
    assert lease(tried, now=NOW)["put_off"] == 0


def test_a_replay_begins_anew() -> None:
    """What had failed has all its attempts again, at once."""
    failed = PENDING._replace(status=NotificationStatus.FAILED, attempts=9, wake_at=None)
    again = failed._replace(**replay(now=NOW))
    assert (again.status, again.attempts, again.wake_at) == (NotificationStatus.PENDING, 0, NOW)


def test_a_new_notification_is_to_be_sent_at_once() -> None:
    """What is stored of a notice is read back as a notification that waits for its sending."""
    notice = opt_out_notice("p1", "all", "asked", at=NOW)
    read = notification_from(notice.id, notification_fields(notice))
    assert (read.id, read.status, read.wake_at) == (notice.id, NotificationStatus.PENDING, NOW)
    assert (read.attempts, read.data) == (0, notice.data)
