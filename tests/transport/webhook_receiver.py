"""The receiving side of Standard Webhooks, written from its specification and nothing of ours."""

import hmac
from base64 import b64decode, b64encode
from hashlib import sha256

from tests.channels.loopback import Request

_TOLERANCE_S = 5 * 60


def is_genuine(request: Request, secret: str, *, now: float) -> bool:
    """Verify a request: one of its signatures is the secret's, and it was made just now."""
    key = b64decode(secret.removeprefix("whsec_"))
    id_, at = request.headers["webhook-id"], request.headers["webhook-timestamp"]
    content = b".".join([id_.encode(), at.encode(), request.body])
    expected = "v1," + b64encode(hmac.new(key, content, sha256).digest()).decode()
    signatures = request.headers["webhook-signature"].split(" ")
    signed = any(hmac.compare_digest(expected, each) for each in signatures)
    return signed and abs(int(at) - now) < _TOLERANCE_S
