"""The secret of an organisation's webhook messages."""

from base64 import b64decode

from functions.domain.notifications.signing import webhook_secret

SIGNING = "a secret of the deployment's, of 32 bytes"


def test_each_organisation_has_its_own() -> None:
    """A secret follows from organisation and deployment, and from neither alone."""
    secret = webhook_secret(SIGNING, "acme")
    assert secret == webhook_secret(SIGNING, "acme")
    assert secret not in {webhook_secret(SIGNING, "other"), webhook_secret("other", "acme")}


def test_a_receiver_can_read_it() -> None:
    """It has the form of Standard Webhooks, and as many bytes as its signatures ask for."""
    secret = webhook_secret(SIGNING, "acme")
    assert secret.startswith("whsec_")
    assert len(b64decode(secret.removeprefix("whsec_"))) == 32
