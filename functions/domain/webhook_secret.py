"""The secret that signs an organisation's webhook messages."""

import hmac
from typing import Final

from functions.domain.notifications import new_secret

_FOR: Final = "webhook\0"  #: what else the deployment's secret signs has another beginning


def webhook_secret(signing_secret: str, org: str) -> str:
    """Derive an organisation's own secret from the deployment's: nobody can sign as another."""
    return new_secret(hmac.digest(signing_secret.encode(), (_FOR + org).encode(), "sha256"))
