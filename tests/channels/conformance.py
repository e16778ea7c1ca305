"""The promises of the Channel port, one test each, for every channel that there is.

A channel's own tests subclass ChannelConformance and give it a Rig: the channel, wired to
something that plays its provider.
"""

from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Protocol

import pytest

from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Inbound, MessageRef
from functions.domain.messages.send_outcomes import Accepted, Deferred, Rejected, Unknown
from functions.engine.ports.channel import Channel, Outbound, SignatureError, WebhookRequest


class Weather(StrEnum):
    """What a request for a message meets."""

    FINE = "fine"
    BUSY = "busy"  #: the provider refuses for now
    ERROR = "error"  #: the provider takes the message, and answers with an error of its own
    SILENCE = "silence"  #: the provider takes the message, and its answer is lost
    AWAY = "away"  #: there is no provider to connect to


OUTCOMES = {
    Weather.FINE: Accepted,
    Weather.BUSY: Deferred,
    Weather.ERROR: Unknown,
    Weather.SILENCE: Unknown,
    Weather.AWAY: Deferred,
}

REF = MessageRef("acme", "c1", "m1")


def outbound(ref: MessageRef = REF, attempt: int = 1) -> Outbound:
    """Return an attempt to reach somebody, whatever the channel."""
    to, sender, bot_url = "+15550100", "+15550199", "wss://bot.example/talk"
    plain = Outbound(ref, attempt, to, sender, bot_url, body="Hello", channel=ChannelKind.SMS)
    return plain._replace(hears_ring=True)


#: A callback that nobody has signed.
STRANGER = WebhookRequest("POST", "https://app.example/webhooks/x/receipt/a/c/m1/1", {}, b"{}")


class Rig(Protocol):
    """A channel and what plays its provider."""

    @property
    def channel(self) -> Channel: ...

    async def expect(self, weather: Weather) -> None:
        """Let the following request meet this weather."""
        ...

    def placed(self) -> int:
        """Return how many messages the provider has really taken."""
        ...

    async def live_through(self) -> list[WebhookRequest]:
        """Bring the message that was taken to a good end; return its callbacks, oldest first."""
        ...


CALL: tuple[EventKind, ...] = (EventKind.RINGING, EventKind.ANSWERED, EventKind.COMPLETED)
TEXT: tuple[EventKind, ...] = (EventKind.DELIVERED,)


class ChannelConformance:
    """What every channel promises. Subclasses bring a fixture named `rig`."""

    told = CALL  #: by the callbacks of a message that comes to a good end
    unclear: type[Unknown | Deferred] = Unknown  #: an answer, where repeating is not harmless
    looks_up = True  #: the provider tells how a message has ended
    signs_urls = True  #: a signature covers the URL, and not only the body, which names the message
    recalls = False  #: the provider gives back what it has only just taken

    @pytest.mark.parametrize("weather", Weather)
    async def test_1_send_answers_with_a_value(self, rig: Rig, weather: Weather) -> None:
        """1. Whatever the provider or the network does, send answers with what it came to."""
        await rig.expect(weather)
        expected = OUTCOMES[weather]
        expected = self.unclear if expected is Unknown else expected
        assert isinstance(await rig.channel.send(outbound()), expected)

    @pytest.mark.parametrize("weather", [Weather.ERROR, Weather.SILENCE])
    async def test_2_an_unclear_answer_is_not_repeated(self, rig: Rig, weather: Weather) -> None:
        """2. A request without a clear answer is told as such, and reaches the provider once."""
        await rig.expect(weather)
        assert isinstance(await rig.channel.send(outbound()), self.unclear)
        assert (self.unclear is Deferred) <= rig.channel.traits.idempotent
        assert rig.placed() == 1

    @pytest.mark.parametrize("weather", [Weather.BUSY, Weather.AWAY])
    async def test_2_a_refused_message_reached_nobody(self, rig: Rig, weather: Weather) -> None:
        """2. What is Deferred or Rejected was not sent: it may safely be tried again."""
        await rig.expect(weather)
        assert isinstance(await rig.channel.send(outbound()), Deferred | Rejected)
        assert rig.placed() == 0

    async def test_3_the_signature_is_checked_first(self, rig: Rig) -> None:
        """3. However wrong a callback is otherwise, a wrong signature is what it is refused for."""
        await rig.channel.send(outbound())
        told = await rig.live_through()
        good = told[-1] if told else STRANGER
        forged = [
            replace(good, headers={}),
            *self._meant_for_others(good),
            replace(good, body=good.body + b"x"),
            replace(good, body=b"\xff"),
            replace(good, body=b"x" * 1_000_000),
        ]
        for request in forged:
            with pytest.raises(SignatureError):
                rig.channel.parse_webhook(request)

    def _meant_for_others(self, good: WebhookRequest) -> list[WebhookRequest]:
        if not self.signs_urls:
            return [replace(good, body=good.body.replace(b"/m1/", b"/m2/"))]
        elsewhere = "https://app.example/nowhere"
        return [replace(good, url=u) for u in (good.url.replace("/m1/", "/m2/"), elsewhere)]

    async def test_4_a_repeated_callback_has_the_same_ids(self, rig: Rig) -> None:
        """4. A callback delivered twice tells of the same events, and of no other's."""
        await rig.channel.send(outbound())
        webhooks = await rig.live_through()
        first = _events(rig.channel, webhooks)
        assert _ids(_events(rig.channel, webhooks)) == _ids(first)
        assert len(set(_ids(first))) == len(first)

    async def test_4_a_message_is_told_to_its_end(self, rig: Rig) -> None:
        """4. Callbacks tell the message, the attempt, the provider's id, and how it went."""
        accepted = await rig.channel.send(outbound(attempt=3))
        assert isinstance(accepted, Accepted)
        events = _events(rig.channel, await rig.live_through())
        assert tuple(event.kind for event in events) == self.told
        told = {(event.ref, event.attempt, event.provider_id) for event in events}
        assert told <= {(REF, 3, accepted.provider_id)}
        assert any(event.duration_s > 0 for event in events) == (self.told == CALL)

    async def test_5_a_look_up_tells_the_end_and_nothing_before(self, rig: Rig) -> None:
        """5. A look-up tells nothing of what goes on, and its last event of what has ended."""
        accepted = await rig.channel.send(outbound())
        assert isinstance(accepted, Accepted)
        assert await rig.channel.look_up(outbound(REF), accepted.provider_id) is None
        events = _events(rig.channel, await rig.live_through())
        found = await rig.channel.look_up(outbound(REF), accepted.provider_id)
        assert (found is not None) == self.looks_up
        if found is None:
            return
        last = events[-1]
        assert (found.id, found.kind, found.duration_s) == (last.id, self.told[-1], last.duration_s)

    async def test_6_who_was_recalled_is_not_reached(self, rig: Rig) -> None:
        """6. A recall is True only where nobody is reached afterwards, however often asked for."""
        accepted = await rig.channel.send(outbound())
        assert isinstance(accepted, Accepted)
        ask = partial(rig.channel.recall, outbound(), accepted.provider_id)
        assert [await ask(), await ask()] == [self.recalls, self.recalls]
        assert self.recalls <= rig.channel.traits.recalls
        kinds = {event.kind for event in _events(rig.channel, await rig.live_through())}
        assert kinds <= {EventKind.FAILED} if self.recalls else kinds == set(self.told)

    async def test_6_who_was_reached_is_beyond_recall(self, rig: Rig) -> None:
        """6. What has come to its end, or was never taken, cannot be recalled."""
        accepted = await rig.channel.send(outbound())
        assert isinstance(accepted, Accepted)
        await rig.live_through()
        assert not await rig.channel.recall(outbound(), accepted.provider_id)
        assert not await rig.channel.recall(outbound(REF._replace(message="m2")), "nobody")

    async def test_7_a_stranger_is_not_greeted(self, rig: Rig) -> None:
        """7. Whoever does not prove to be the provider is not told that the URL is ours."""
        url = "https://app.example/webhooks/x/inbound/acme?hub.mode=subscribe&hub.challenge=1"
        with pytest.raises(SignatureError):
            rig.channel.greet(WebhookRequest("GET", url, {}, b""))

    async def test_5_a_look_up_of_what_was_never_sent_tells_nothing(self, rig: Rig) -> None:
        """5. A look-up of an id that the provider does not know tells nothing."""
        assert await rig.channel.look_up(outbound(REF), "nobody") is None


def _events(channel: Channel, webhooks: list[WebhookRequest]) -> list[DeliveryEvent]:
    told = [event for request in webhooks for event in channel.parse_webhook(request)]
    return [event for event in told if not isinstance(event, Inbound)]


def _ids(events: list[DeliveryEvent]) -> list[str]:
    return [event.id for event in events]
