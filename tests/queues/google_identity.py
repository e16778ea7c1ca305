"""Signs identity tokens as Google does, and publishes the certificates that verify them."""

from datetime import datetime, timedelta

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

LIFETIME = timedelta(hours=1)


class GoogleIdentity:
    """One signing key. `certificates` answers what googleapis.com/oauth2/v1/certs would."""

    def __init__(self, *, key_id: str = "key-1") -> None:
        self._key_id = key_id
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def sign(self, email: str, *, audience: str, now: datetime) -> str:
        """Return an RS256 token that says: Google knows the bearer as this service account."""
        claims = {
            "iss": "https://accounts.google.com",
            "aud": audience,
            "sub": "100000000000000000001",
            "email": email,
            "email_verified": True,
            "iat": now,
            "exp": now + LIFETIME,
        }
        return jwt.encode(claims, self._key, "RS256", headers={"kid": self._key_id})

    def certificates(self, *, now: datetime) -> dict[str, str]:
        """Return the key's self-signed X.509 certificate in PEM, valid around `now`, by key id."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "identity.test")])
        builder = x509.CertificateBuilder(
            issuer_name=name,
            subject_name=name,
            public_key=self._key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - LIFETIME,
            not_valid_after=now + LIFETIME,
        )
        certificate = builder.sign(self._key, hashes.SHA256())
        return {self._key_id: certificate.public_bytes(serialization.Encoding.PEM).decode()}
