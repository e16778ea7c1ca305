"""Texts that only we can read and make, sealed with AES-GCM under a secret of the deployment.

Nothing is stored: whoever holds a sealed text holds all that there is of it, until its end.
"""

import base64
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from functions.engine.ports.clock import Clock

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

#: What browsers keep of one cookie; longer texts are none of ours.
LONGEST: Final = 4000
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12  # NIST SP 800-38D, 8.2.2: random ones serve for 2^32 texts of a key
_INFO: Final = b"clarion: sealed cookies"


class Opened(NamedTuple):
    """What a sealed text holds."""

    content: Mapping[str, Any]
    until: datetime


class Seals:
    """Seals with the first secret, and opens what any of them has sealed."""

    def __init__(self, secrets_: Sequence[str], *, clock: Clock) -> None:
        self._keys = [_key(secret) for secret in secrets_]
        self._clock = clock

    def seal(self, purpose: str, content: Mapping[str, Any], *, until: datetime) -> str:
        """Seal something for a purpose and until a time; it fits into a header as it is."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        body = orjson.dumps([until.timestamp(), content])
        sealed = self._keys[0].encrypt(nonce, body, purpose.encode())
        return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")

    def opened(self, purpose: str, sealed: str) -> Opened | None:
        """Return what was sealed for this purpose; None of what is not ours, or has ended."""
        body = self._body(purpose, _bytes(sealed))
        if body is None:
            return None
        ends, content = orjson.loads(body)
        until = datetime.fromtimestamp(ends, UTC)
        return Opened(content, until) if self._clock.now() < until else None

    def _body(self, purpose: str, sealed: bytes) -> bytes | None:
        from cryptography.exceptions import InvalidTag

        for key in self._keys:
            try:
                return key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode())
            except (InvalidTag, ValueError):  # the latter of a nonce that is too short
                continue
        return None


def _key(secret: str) -> "AESGCM":
    """Return the key that a secret stands for; most functions have none and import no ciphers."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return AESGCM(HKDF(SHA256(), _KEY_BYTES, salt=None, info=_INFO).derive(secret.encode()))


def _bytes(text: str) -> bytes:
    """Return the bytes of a text, none of one that was not made here."""
    try:
        padded = text[:LONGEST] + "=" * (-len(text) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True)
    except ValueError:
        return b""
