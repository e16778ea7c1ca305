"""An OpenID provider on loopback: it signs, and refuses, as the standards say."""

import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from tests.web.auth.key_server import in_seconds, jwk, rsa_key, signed

CLIENT: Final = "clarion:console"
#: With characters that have a meaning in a form and in a header.
CLIENT_SECRET: Final = "it's 100% secret & long: a+b/c=d"


@dataclass
class OpenIdProvider:
    """Knows one person, who is signed in there already and whose claims a test may change."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)  #: None leaves one out
    metadata: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[Mapping[str, Any]], str] = lambda claims: signed(claims, rsa_key("a"))
    status: dict[str, int] = field(default_factory=dict)  #: by path, in place of what is right
    asked: list[str] = field(default_factory=list)  #: the paths, in order
    _codes: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def discovery(self) -> dict[str, Any]:
        """Return what the provider publishes of itself."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize?tenant=a",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "end_session_endpoint": f"{self.url}/logout",
            **self.metadata,
        }

    def authorize(self, query: Mapping[str, str]) -> str:
        """Return where the browser is sent: back, with a code."""
        assert query["tenant"] == "a"
        assert (query["response_type"], query["client_id"]) == ("code", CLIENT)
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = f"code-{len(self._codes)}"
        self._codes[code] = query
        told = {"code": code, "state": query["state"], "iss": self.url, "session_state": "x.y"}
        return f"{query['redirect_uri']}?{urlencode(told)}"

    def redeem(self, form: Mapping[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Return the tokens for a code, which is worth something once."""
        if self._client(form, authorization) != (CLIENT, CLIENT_SECRET):
            return 401, {"error": "invalid_client"}
        asked = self._codes.pop(form["code"], None)
        if asked is None or not _is_proven(form, asked):
            return 400, {"error": "invalid_grant"}
        return 200, {"token_type": "Bearer", "access_token": "x", "id_token": self._token(asked)}

    def _client(self, form: Mapping[str, str], authorization: str) -> tuple[str, str]:
        methods = self.metadata.get("token_endpoint_auth_methods_supported", [])
        if methods == ["client_secret_post"]:
            return form.get("client_id", ""), form.get("client_secret", "")
        id_, _, secret = b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        return unquote_plus(id_), unquote_plus(secret)

    def _token(self, asked: Mapping[str, str]) -> str:
        usual = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "auth0|ann",
            "iat": in_seconds(0),
            "exp": in_seconds(300),
            "nonce": asked["nonce"],
            "org": "acme",
            "role": "operator",
        }
        claims = {**usual, **self.claims}
        return self.sign({name: value for name, value in claims.items() if value is not None})


def _is_proven(form: Mapping[str, str], asked: Mapping[str, str]) -> bool:
    """Tell whether a code is redeemed by who asked for it (RFC 7636), and for the same page."""
    digest = sha256(form["code_verifier"].encode()).digest()
    challenge = urlsafe_b64encode(digest).decode().rstrip("=")
    is_same = form["redirect_uri"] == asked["redirect_uri"]
    return is_same and challenge == asked["code_challenge"]


class _Handler(BaseHTTPRequestHandler):
    """Speaks HTTP for a provider."""

    provider: ClassVar[OpenIdProvider]

    def do_GET(self) -> None:
        """Answer a browser, or who fetches what is published."""
        parts = urlsplit(self.path)
        query = {name: each[0] for name, each in parse_qs(parts.query).items()}
        match parts.path:
            case "/.well-known/openid-configuration":
                self._answer(parts.path, 200, self.provider.discovery())
            case "/keys":
                self._answer(parts.path, 200, {"keys": [jwk("a", rsa_key("a"))]})
            case "/authorize":
                self._answer(parts.path, 302, {}, location=self.provider.authorize(query))

    def do_POST(self) -> None:
        """Answer who redeems a code."""
        text = self.rfile.read(int(self.headers["content-length"])).decode()
        form = {name: each[0] for name, each in parse_qs(text).items()}
        authorization = self.headers.get("authorization", "")
        self._answer("/token", *self.provider.redeem(form, authorization))

    def _answer(self, path: str, status: int, document: Any, **headers: str) -> None:
        self.provider.asked.append(path)
        body = json.dumps(document).encode()
        self.send_response(self.provider.status.get(path, status))
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep test output quiet."""


@contextmanager
def serve_provider() -> Iterator[OpenIdProvider]:
    """Serve a provider on a free port of loopback."""
    provider = OpenIdProvider()
    handler = type("Handler", (_Handler,), {"provider": provider})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    provider.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
