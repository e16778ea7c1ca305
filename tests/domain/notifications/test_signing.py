"""Secrets, signatures and headers of Standard Webhooks."""

from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import UTC, datetime

from functions.domain.notifications.notification import (
    LEASE,
)
from functions.domain.notifications.signing import headers, new_secret, signature, webhook_secret
from functions.domain.notifications.subscription import (
    OVERLAP,
    rotation,
    subscription_fields,
    subscription_from,
)
from tests.domain.notifications.samples import NOW, SUBSCRIPTION

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


def test_the_signature_is_that_of_the_published_example() -> None:
    """The Standard Webhooks libraries' own test vector comes out."""
    made = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_is_its_key_in_base64() -> None:
    """A secret begins with whsec_ and holds the random bytes that it was made of."""
    key = bytes(range(32))
    assert new_secret(key) == "whsec_" + b64encode(key).decode()


def test_a_replaced_secret_signs_for_a_day_beside_the_new_one() -> None:
    """For 24 hours both secrets sign, the newest first; then the new one alone."""
    new = new_secret(bytes([1]) * 32)
    rotated = replace(SUBSCRIPTION, **rotation(SUBSCRIPTION, new, now=NOW))
    assert rotated.secrets(now=NOW + OVERLAP - LEASE) == [new, SUBSCRIPTION.secret]
    assert rotated.secrets(now=NOW + OVERLAP) == [new]
    sent = headers(rotated.secrets(now=NOW), "evt_1", b"{}", now=NOW)
    assert sent["webhook-signature"].split(" ") == [
        signature(new, "evt_1", NOW, b"{}"),
        signature(SUBSCRIPTION.secret, "evt_1", NOW, b"{}"),
    ]
    assert (sent["webhook-id"], sent["webhook-timestamp"]) == ("evt_1", "1772452800")


def test_a_second_rotation_ends_the_first_secret_at_once() -> None:
    """Of several secrets that were replaced, only the last one still signs."""
    second, third = (new_secret(bytes([n]) * 32) for n in (2, 3))
    once = replace(SUBSCRIPTION, **rotation(SUBSCRIPTION, second, now=NOW))
    twice = replace(once, **rotation(once, third, now=NOW))
    assert twice.secrets(now=NOW) == [third, second]


def test_secrets_are_not_printed() -> None:
    """A subscription that gets into a log does not take its secrets with it."""
    rotated = replace(SUBSCRIPTION, old_secret="whsec_old", old_secret_until=NOW)
    assert "whsec_" not in repr(rotated)


def test_a_subscription_reads_back_as_it_was_stored() -> None:
    """Nothing of a subscription is lost in the store."""
    stored = subscription_fields(SUBSCRIPTION)
    assert subscription_from("acme", "s1", stored) == SUBSCRIPTION
