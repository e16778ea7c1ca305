"""What bars an address, for how long, and what becomes of it when more is said."""

from datetime import datetime, timedelta

import pytest

from functions.domain.contacts.suppressions import (
    ALL,
    SCOPES,
    Bar,
    Suppression,
    barred,
    check,
    lifted,
    opted_in,
    suppression_fields,
    suppression_from,
)
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import CampaignKind, ChannelKind
from tests.clock import NOON
from tests.salted import contact_id

ANN = "+12025550101"
HOUR = timedelta(hours=1)
BROADCAST_SMS = (ALL, ChannelKind.SMS, CampaignKind.BROADCAST)


def bar(until: datetime | None = None, reason: str = "asked", at: datetime = NOON) -> Bar:
    """Return a bar."""
    return Bar(reason, at, until, "ann")


def suppressed(**scopes: Bar) -> Suppression:
    """Return Ann's suppression."""
    return Suppression(contact_id(ANN), ANN, NOON, scopes)


@pytest.mark.parametrize(
    ("scope", "is_barred"),
    [("all", True), ("sms", True), ("broadcast", True), ("voice", False), ("whatsapp", False)],
)
def test_a_scope_bars_what_it_names(scope: str, is_barred: bool) -> None:
    """Everything, the campaign's channel and its kind bar it; another channel does not."""
    assert suppressed(**{scope: bar()}).bars(BROADCAST_SMS, now=NOON) is is_barred


def test_a_bar_ends_at_its_end() -> None:
    """At `until` itself the address may be contacted again."""
    until = suppressed(all=bar(NOON + HOUR))
    assert until.bars(BROADCAST_SMS, now=NOON + HOUR - timedelta(microseconds=1))
    assert not until.bars(BROADCAST_SMS, now=NOON + HOUR)


def test_every_channel_and_kind_is_a_scope_but_single() -> None:
    """A single message is sent on purpose, and a program calls itself: nobody stops these."""
    unsaid = {CampaignKind.SINGLE, ChannelKind.CALLBACK}
    assert {*SCOPES} == {ALL, *ChannelKind, *CampaignKind} - unsaid


@pytest.mark.parametrize(
    ("before", "added", "after"),
    [
        (bar(None, "first"), bar(None, "second"), None),
        (bar(None, "first"), bar(NOON + HOUR, "second"), None),
        (bar(NOON + HOUR, "first"), bar(NOON + HOUR, "second"), None),
        (bar(NOON + HOUR, "first"), bar(None, "second"), bar(None, "first")),
        (bar(NOON + HOUR, "first"), bar(NOON + 2 * HOUR, "x"), bar(NOON + 2 * HOUR, "first")),
        (bar(NOON, "over"), bar(NOON + HOUR, "second"), bar(NOON + HOUR, "second")),
    ],
)
def test_a_bar_is_made_longer_and_never_shorter(before: Bar, added: Bar, after: Bar | None) -> None:
    """The longer of two ends holds under the first reason; one that is over counts no more."""
    made = barred(suppressed(all=before), ALL, added, now=NOON)
    assert (made and made.scopes) == (after and {"all": after})


def test_scopes_stand_beside_each_other() -> None:
    """A further scope leaves the others as they were, and says when it was added."""
    later = NOON + HOUR
    made = barred(suppressed(sms=bar()), "voice", bar(at=later), now=later)
    assert made == Suppression(contact_id(ANN), ANN, later, {"sms": bar(), "voice": bar(at=later)})
    assert lifted(made, "sms") == Suppression(contact_id(ANN), ANN, later, {"voice": bar(at=later)})


def test_the_last_scope_lifted_leaves_nothing() -> None:
    """Nothing is kept of an address that nothing bars any more."""
    assert lifted(suppressed(sms=bar()), "sms") is None


def test_whoever_is_back_lifts_what_they_had_asked_for() -> None:
    """Opting in lifts opt-outs of every scope from before it, and no bar of another reason."""
    asked, bounced = bar(reason="opted_out"), bar(reason="bounced")
    assert opted_in(suppressed(all=asked, sms=asked), NOON) is None
    both = suppressed(all=asked, sms=bounced)
    assert opted_in(both, NOON) == suppressed(sms=bounced)
    assert opted_in(both, NOON - HOUR) == both, "they have opted out again since"
    assert opted_in(suppressed(all=bounced), NOON) == suppressed(all=bounced)


def test_what_is_stored_reads_back() -> None:
    """A suppression survives its stored form."""
    known = suppressed(sms=bar(NOON + HOUR), all=bar())
    assert suppression_from(known.id, suppression_fields(known)) == known


@pytest.mark.parametrize(
    ("scope", "until", "field"),
    [("single", None, "scope"), ("post", None, "scope"), ("all", NOON, "until")],
)
def test_nonsense_is_refused(scope: str, until: datetime | None, field: str) -> None:
    """A scope that is none, and an end that does not lie ahead, are refused by name."""
    with pytest.raises(InvalidFieldError) as caught:
        check(scope, until, now=NOON)
    assert caught.value.field == field
