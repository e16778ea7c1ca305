"""An identity provider on loopback: real keys, real tokens, real HTTP."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, TypeAlias

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class KeyServer:
    """Publishes `document`, and counts how often it was fetched."""

    def __init__(self) -> None:
        self.document: Any = {}
        self.cache_control = "public, max-age=20000"
        self.status = 200
        self.fetches = 0
        self.url = ""


@contextmanager
def serve_keys() -> Iterator[KeyServer]:
    """Serve a KeyServer on a free port of loopback."""
    published = KeyServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            published.fetches += 1
            body = json.dumps(published.document).encode()
            self.send_response(published.status)
            self.send_header("Cache-Control", published.cache_control)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep test output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    published.url = f"http://127.0.0.1:{server.server_port}/keys"
    try:
        yield published
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:  # noqa: ARG001 - the name tells keys apart
    """Return the RSA key of that name, always the same one."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:  # noqa: ARG001 - the name tells keys apart
    """Return the P-256 key of that name, always the same one."""
    return ec.generate_private_key(ec.SECP256R1())


def jwk(kid: str, key: PrivateKey) -> dict[str, Any]:
    """Render the public half as a JSON Web Key."""
    if isinstance(key, rsa.RSAPrivateKey):
        public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        return public | {"kid": kid, "alg": "RS256", "use": "sig"}
    return ECAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": kid, "use": "sig"}


@cache
def certificate(key: rsa.RSAPrivateKey) -> str:
    """Render a self-signed certificate of a key, PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "federated-signon.test")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), serial_number=1)
    valid = builder.not_valid_before(now).not_valid_after(now + timedelta(days=2))
    return valid.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def public_pem(key: PrivateKey) -> bytes:
    """Render the public half as PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def in_seconds(seconds: int) -> int:
    """Return the instant that many seconds from now, as tokens write it."""
    return int(datetime.now(UTC).timestamp()) + seconds


def signed(
    claims: Mapping[str, Any], key: PrivateKey | str, *, kid: str = "a", algorithm: str = "RS256"
) -> str:
    """Make a token as an honest issuer does."""
    return jwt.encode(dict(claims), key, algorithm, headers={"kid": kid})


def forged(
    header: Mapping[str, Any], claims: Mapping[str, Any], secret: bytes | None = None
) -> str:
    """Make a token that no library would make; signed with HMAC-SHA256 if there is a secret."""
    content = b".".join(map(_segment, (json.dumps(header).encode(), json.dumps(claims).encode())))
    signature = hmac.new(secret, content, hashlib.sha256).digest() if secret is not None else b""
    return (content + b"." + _segment(signature)).decode()


def _segment(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
