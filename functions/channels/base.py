"""A Channel that can do no more than send."""

from collections.abc import Mapping

from functions.domain.messages.delivery_events import DeliveryEvent, MessageRef
from functions.engine.ports.channel import (
    NOTHING_TOLD,
    Answer,
    Outbound,
    SignatureError,
    WebhookRequest,
)
from functions.engine.ports.clock import Clock


class BaseChannel:
    """The part of a Channel that is the same for every provider that only sends.

    It knows nothing of what it has sent, recalls nothing and greets nobody, and nobody picks up
    what it sends.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def look_up(self, sent: Outbound, provider_id: str) -> DeliveryEvent | None:  # noqa: ARG002 (the port's signature)
        """Tell nothing: this provider answers no questions about a message."""
        return None

    async def recall(self, sent: Outbound, provider_id: str) -> bool:  # noqa: ARG002 (the port's signature)
        """Recall nothing: what this provider has taken it keeps."""
        return False

    def greet(self, request: WebhookRequest) -> Answer:
        """Greet nobody: this provider does not ask whether a URL is ours."""
        raise SignatureError(f"This provider does not ask for a URL: {request.method}.")

    def answer(
        self,
        ref: MessageRef,  # noqa: ARG002 (the port's signature, as below)
        attempt: int,  # noqa: ARG002
        bot_url: str,  # noqa: ARG002
        about: Mapping[str, str] = NOTHING_TOLD,  # noqa: ARG002
    ) -> Answer:
        """Say nothing: nobody picks up a text."""
        return Answer("text/plain", b"")

    def _is_late(self, outbound: Outbound) -> bool:
        """Tell whether a message could no longer arrive in time."""
        return outbound.expires_at is not None and outbound.expires_at <= self._clock.now()
