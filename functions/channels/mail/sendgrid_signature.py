"""SendGrid's signature: who may tell us what became of mails.

A header holds base64(ECDSA P-256, SHA-256) over the timestamp, which is another header, and the
body as it came, line end included. The address is not signed. SendGrid names no age from which a
batch is to be refused, and repeats one for a day: events have ids, so an old one does no harm.
Published vectors: test/unit/test_eventwebhook.py of sendgrid-python.
"""

from base64 import b64decode
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from functions.engine.ports.channel import SignatureError, WebhookRequest

SIGNATURE_HEADER: Final = "x-twilio-email-event-webhook-signature"
TIMESTAMP_HEADER: Final = "x-twilio-email-event-webhook-timestamp"
MAX_BATCH_BYTES: Final = 1_000_000


def read_key(text: str) -> EllipticCurvePublicKey:
    """Return the key as SendGrid shows it, base64 of DER; raises ValueError for anything else."""
    try:
        key = load_der_public_key(b64decode(text, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, EllipticCurvePublicKey):
        raise ValueError("must be the verification key that SendGrid shows, base64")  # noqa: TRY004 (of a setting)
    return key


def verify(request: WebhookRequest, key: EllipticCurvePublicKey) -> None:
    """Raise SignatureError unless SendGrid has signed just this body."""
    if len(request.body) > MAX_BATCH_BYTES:
        raise SignatureError(f"The batch is over {MAX_BATCH_BYTES} bytes.")
    signed = request.headers.get(TIMESTAMP_HEADER, "").encode() + request.body
    try:
        signature = b64decode(request.headers.get(SIGNATURE_HEADER, ""), validate=True)
        key.verify(signature, signed, ECDSA(SHA256()))
    except (ValueError, InvalidSignature):
        raise SignatureError("The batch's signature is missing or wrong.") from None
