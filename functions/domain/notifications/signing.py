"""Secrets, signatures and headers of Standard Webhooks 1.0.0 (standardwebhooks.com).

The libraries of that standard verify what we send.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime
from typing import Final

_PREFIX: Final = "whsec_"
_FOR: Final = "webhook\0"  #: what else the deployment's secret signs has another beginning


def new_secret(random: bytes) -> str:
    """Return the secret of these random bytes, 24 to 64 of them."""
    return _PREFIX + b64encode(random).decode()


def signature(secret: str, id_: str, at: datetime, body: bytes) -> str:
    """Return the "v1" signature of a body that is sent under this id at this time."""
    key = b64decode(secret.removeprefix(_PREFIX))
    signed = f"{id_}.{int(at.timestamp())}.".encode() + body
    return f"v1,{b64encode(hmac.digest(key, signed, 'sha256')).decode()}"


def headers(secrets: Iterable[str], id_: str, body: bytes, *, now: datetime) -> dict[str, str]:
    """Return the headers of one attempt: signed anew, so that none can be used again later."""
    return {
        "content-type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signature(each, id_, now, body) for each in secrets),
    }


def webhook_secret(signing_secret: str, org: str) -> str:
    """Derive an organisation's own secret from the deployment's: nobody can sign as another."""
    return new_secret(hmac.digest(signing_secret.encode(), (_FOR + org).encode(), "sha256"))
