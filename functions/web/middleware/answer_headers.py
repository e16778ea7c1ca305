"""Headers that every answer has, whoever made it.

What a handler says itself stands: a page may allow its own style, an answer may be kept.
"""

from collections.abc import Mapping, MutableMapping
from typing import Final

from starlette.types import Message, Scope, Send

#: A page of ours loads nothing, runs nothing, and stands in no frame; its forms lead to us.
STRICT_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_DEFAULTS: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", STRICT_POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
_KEY: Final = "clarion.answer_headers"


def told(scope: Scope) -> MutableMapping[str, str]:
    """Return the headers that a request's answer will have, be it a refusal, to add to them."""
    headers: MutableMapping[str, str] = scope.setdefault(_KEY, {})
    return headers


class Completing:
    """A `send` that adds to an answer what was told, and what it lacks."""

    def __init__(self, send: Send, scope: Scope) -> None:
        self.has_begun = False
        self._send = send
        self._added = told(scope)

    async def __call__(self, message: Message) -> None:
        """Send a part of the answer."""
        if message["type"] == "http.response.start":
            self.has_begun = True
            message = {**message, "headers": list(message.get("headers", ()))}
            _complete(message["headers"], self._added)
        await self._send(message)


def _complete(headers: list[tuple[bytes, bytes]], added: Mapping[str, str]) -> None:
    more = {name.lower().encode("latin-1"): text.encode("latin-1") for name, text in added.items()}
    headers[:] = [each for each in headers if each[0] not in more]
    there = {name for name, _ in headers}
    headers += [each for each in _DEFAULTS if each[0] not in there]
    headers += more.items()
