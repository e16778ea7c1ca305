"""What Plivo tells us of a call: callbacks and call detail records."""

from dataclasses import replace
from typing import Final

import pytest

from functions.channels.callback_urls import Callback, CallbackEvent, callback_url
from functions.channels.plivo.voice_statuses import HANGUP_CAUSES, status_of
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Retry
from functions.engine.ports.channel import SignatureError, WebhookRequest
from tests.channels.conformance import REF, outbound
from tests.channels.plivo.voice_rig import PlivoRig, order, plivo
from tests.channels.plivo.voice_server import machine_form, sign
from tests.channels.served_rig import BASE, UNREACHABLE


async def hangup(rig: PlivoRig, **form: str) -> DeliveryEvent:
    """Send, and return the event of a hangup with this form."""
    await rig.channel.send(outbound())
    webhook = rig.server.callback(rig.server.calls[-1], "hangup_url", {"Event": "Hangup", **form})
    (event,) = rig.channel.parse_webhook(webhook)
    return event


#: Every class of ending: codes, kind, retry and reason ("" for provider_<code>).
CAUSES: Final = [
    ((4000, 4010, 4020, 4030, 6000, 6020), EventKind.COMPLETED, Retry.NEVER, None),
    ((0, 5000, 5010, 5020), EventKind.UNCERTAIN, Retry.NEVER, ""),
    ((3010, 3100), EventKind.FAILED, Retry.LATER, "busy"),
    ((3000, 6010), EventKind.FAILED, Retry.LATER, "no_answer"),
    ((3070, 3080, 3090), EventKind.FAILED, Retry.LATER, ""),
    ((1020, 5030), EventKind.FAILED, Retry.DEFER, ""),
    (
        (1010, 2030, 2040, 2050, 2070, 3030, 3130, 3140, 7011, 8011),
        EventKind.FAILED,
        Retry.STOP,
        "",
    ),
    ((2000, 3050, 3120), EventKind.FAILED, Retry.NEVER, "invalid_address"),
    ((1000, 2020, 2060, 3020, 3040, 3110), EventKind.FAILED, Retry.NEVER, ""),
    ((2010,), EventKind.FAILED, Retry.ONCE, ""),
    ((9100,), EventKind.FAILED, Retry.NEVER, "machine"),
]


@pytest.mark.parametrize(("codes", "kind", "retry", "reason"), CAUSES)
async def test_each_hangup_cause_has_its_meaning(
    rig: PlivoRig, codes: tuple[int, ...], kind: EventKind, retry: Retry, reason: str | None
) -> None:
    """A hangup's cause decides what became of the message and whether it is tried again."""
    for code in codes:
        event = await hangup(rig, HangupCauseCode=str(code), CallStatus="failed")
        told = reason or ("" if reason is None else f"provider_{code}")
        assert (event.kind, event.retry, event.reason) == (kind, retry, told)


def test_no_hangup_cause_is_left_untested() -> None:
    """The table above and the table of the code name the same causes."""
    assert sorted(code for codes, *_ in CAUSES for code in codes) == sorted(HANGUP_CAUSES)


@pytest.mark.parametrize(
    ("status", "kind", "retry", "reason"),
    [
        ("completed", EventKind.COMPLETED, Retry.NEVER, ""),
        ("busy", EventKind.FAILED, Retry.LATER, "busy"),
        ("no-answer", EventKind.FAILED, Retry.LATER, "no_answer"),
        ("timeout", EventKind.FAILED, Retry.LATER, "no_answer"),
        ("failed", EventKind.FAILED, Retry.NEVER, "provider_9999"),
        ("cancel", EventKind.FAILED, Retry.NEVER, "provider_9999"),
        ("dancing", EventKind.UNCERTAIN, Retry.NEVER, "provider_9999"),
    ],
)
async def test_the_status_decides_where_the_cause_is_new(
    rig: PlivoRig, status: str, kind: EventKind, retry: Retry, reason: str
) -> None:
    """A cause that we do not know is read by the call's status."""
    event = await hangup(rig, HangupCauseCode="9999", CallStatus=status)
    assert (event.kind, event.retry, event.reason) == (kind, retry, reason)


@pytest.mark.parametrize(
    ("status", "reason"),
    [("failed", "provider_failed"), ("", "provider_unknown"), ("<b>", "provider_unknown")],
)
def test_a_hangup_without_a_cause_still_has_a_reason(status: str, reason: str) -> None:
    """Where Plivo gives no cause, the reason names the status, if it is one."""
    assert status_of(None, status).reason == reason


@pytest.mark.parametrize(("duration", "seconds"), [("61", 61), ("", 0), ("-5", 0), ("long", 0)])
async def test_the_duration_is_what_plivo_charges(
    rig: PlivoRig, duration: str, seconds: int
) -> None:
    """A hangup tells the seconds of conversation, none where Plivo tells none."""
    event = await hangup(rig, HangupCauseCode="4000", Duration=duration)
    assert event.duration_s == seconds


@pytest.mark.parametrize("heard", [True, False])
async def test_a_machine_is_told_and_a_human_is_not(rig: PlivoRig, *, heard: bool) -> None:
    """The machine detection's verdict makes an event only where a machine was heard."""
    await order(rig, outbound()._replace(machine_detection="true"))
    call = rig.server.calls[-1]
    webhook = rig.server.callback(call, "machine_detection_url", machine_form(machine=heard))
    kinds = [event.kind for event in rig.channel.parse_webhook(webhook)]
    assert kinds == ([EventKind.MACHINE] if heard else [])


def signed(url: str, **form: str) -> WebhookRequest:
    """Return a request that Plivo signed, whatever it says."""
    return sign(url, form)


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        (signed(f"{BASE}/webhooks/plivo/ring", CallUUID="u"), "path must be"),
        (signed(f"{BASE}/webhooks/twilio/ring/o/c/m/1", CallUUID="u"), "not a callback"),
        (signed(f"{BASE}/webhooks/plivo/ring/o/c/m/1", Event="Ring"), "name its call"),
        (signed(f"{BASE}/webhooks/plivo/receipt/o/c/m/1", CallUUID="u"), "no receipts of texts"),
    ],
)
async def test_a_signed_callback_that_makes_no_sense_is_refused(
    request_: WebhookRequest, named: str
) -> None:
    """A callback that is Plivo's and still not ours raises ValueError saying why."""
    channel = plivo(UNREACHABLE)
    with pytest.raises(ValueError, match=named):
        channel.parse_webhook(request_)
    await channel.close()


async def test_a_callback_for_one_message_cannot_be_used_for_another(rig: PlivoRig) -> None:
    """The signature covers the URL, so a captured callback counts for its own message alone."""
    await rig.channel.send(outbound())
    (ring, *_) = await rig.live_through()
    callback = Callback("plivo", CallbackEvent.RING, REF._replace(org="other"), 1)
    with pytest.raises(SignatureError):
        rig.channel.parse_webhook(replace(ring, url=callback_url(BASE, callback)))


async def test_events_of_different_calls_differ(rig: PlivoRig) -> None:
    """Two attempts, and two kinds of events, never share an id."""
    ids = []
    for attempt in (1, 2):
        await rig.channel.send(outbound(attempt=attempt))
        for webhook in await rig.live_through():
            ids += [event.id for event in rig.channel.parse_webhook(webhook)]
    assert len(ids) == len(set(ids)) == 6


@pytest.mark.parametrize(
    ("cause", "talked_s", "kind"),
    [
        (4000, 12, EventKind.COMPLETED),
        (3010, 0, EventKind.FAILED),
        (9999, 12, EventKind.COMPLETED),
        (9999, 0, EventKind.UNCERTAIN),
    ],
)
async def test_a_look_up_reads_the_call_detail_record(
    rig: PlivoRig, cause: int, talked_s: int, kind: EventKind
) -> None:
    """The record of an ended call tells its cause and its seconds."""
    await rig.channel.send(outbound())
    call = rig.server.calls[-1]
    call.cause = cause
    rig.server.end(call, talked_s=talked_s)
    found = await rig.channel.look_up(outbound(REF), call.uuid)
    assert found is not None
    assert (found.kind, found.duration_s) == (kind, talked_s)


@pytest.mark.parametrize("provider_id", ["", "../../../secret", "nobody"])
async def test_a_look_up_without_a_known_call_tells_nothing(
    rig: PlivoRig, provider_id: str
) -> None:
    """An empty, strange or unknown id finds no call."""
    assert await rig.channel.look_up(outbound(REF), provider_id) is None


async def test_a_look_up_while_plivo_is_away_tells_nothing() -> None:
    """A look-up that cannot be made tells nothing rather than something wrong."""
    channel = plivo(UNREACHABLE)
    assert await channel.look_up(outbound(REF), "some-call") is None
    await channel.close()
