"""Waking bots, against real servers on loopback."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_mock import MockerFixture

from functions.transport.public_http import Resolve
from functions.transport.voice_bots import HttpBots
from tests.channels.loopback import Loopback, Request, response, say_nothing


@asynccontextmanager
async def http_bots(
    *,
    allow_private_hosts: bool = True,
    http: httpx.AsyncClient | None = None,
    resolve: Resolve | None = None,
) -> AsyncIterator[HttpBots]:
    """Give bots that do not pause between tries."""
    found = HttpBots(allow_private_hosts=allow_private_hosts, http=http, resolve=resolve, pause_s=0)
    yield found
    await found.close()


@pytest.mark.parametrize("status", ["200 OK", "204 No Content", "302 Found", "399 Odd"])
async def test_a_bot_is_ready_at_its_first_2xx_or_3xx(status: str) -> None:
    """Any 2xx or 3xx will do, at once, and a redirect is not followed."""
    async with Loopback(lambda _: response(status)) as server, http_bots() as woken:
        assert await woken.is_ready(f"ws://127.0.0.1:{server.port}/talk?x=1")
        (request,) = server.requests
        assert (request.method, request.path) == ("GET", "/warmup")


@pytest.mark.parametrize("status", ["404 Not Found", "500 Internal Server Error", "503 Busy"])
async def test_a_bot_that_refuses_three_times_is_not_ready(status: str) -> None:
    """Other answers are tried again, three times in all."""
    async with Loopback(lambda _: response(status)) as server, http_bots() as woken:
        assert not await woken.is_ready(f"ws://127.0.0.1:{server.port}/talk")
        assert len(server.requests) == 3


async def test_a_bot_may_take_three_tries_to_wake() -> None:
    """A bot that is up at the third try is ready."""

    def wakes_up(_: Request) -> bytes:
        return response("200 OK" if len(server.requests) == 3 else "503 Busy")

    async with Loopback(wakes_up) as server, http_bots() as woken:
        assert await woken.is_ready(f"ws://127.0.0.1:{server.port}/talk")


async def test_a_bot_that_never_answers_is_not_ready() -> None:
    """A try without an answer is given up after its time."""
    async with Loopback(say_nothing) as server, http_bots() as woken:
        assert not await woken.is_ready(f"ws://127.0.0.1:{server.port}/talk")
        assert len(server.requests) == 3


async def test_a_body_without_an_end_does_not_matter() -> None:
    """Readiness is the status alone; the body is not waited for."""
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nx"
    async with Loopback(lambda _: endless) as server, http_bots() as woken:
        assert await woken.is_ready(f"ws://127.0.0.1:{server.port}/talk")


async def test_nobody_listening_is_not_ready() -> None:
    """A refused connection is a failed try, not an error."""
    async with http_bots() as woken:
        assert not await woken.is_ready("ws://127.0.0.1:1/talk")


@pytest.mark.parametrize("url", ["", "http://bot.example", "ws://", "wss://bot.example:port/"])
async def test_a_url_that_is_no_bots_is_not_ready(mocker: MockerFixture, url: str) -> None:
    """A URL that is not a WebSocket's is not connected to."""
    resolve = mocker.AsyncMock(return_value=["93.184.216.34"])
    async with http_bots(resolve=resolve) as woken:
        assert not await woken.is_ready(url)
    resolve.assert_not_called()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.1", "2130706433"])
async def test_our_own_network_is_not_called(host: str) -> None:
    """A host that is plainly ours is refused without a connection."""
    async with Loopback(lambda _: response("200 OK")) as server:
        async with http_bots(allow_private_hosts=False) as woken:
            assert not await woken.is_ready(f"ws://{host}:{server.port}/talk")
        assert not server.requests


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"], ["not an address"], []],
)
async def test_a_public_name_that_leads_inside_is_not_called(
    mocker: MockerFixture, addresses: list[str]
) -> None:
    """A name is refused if any of its addresses is not public, or if it has none."""
    async with Loopback(lambda _: response("200 OK")) as server:
        resolve = mocker.AsyncMock(return_value=addresses)
        async with http_bots(allow_private_hosts=False, resolve=resolve) as woken:
            assert not await woken.is_ready(f"ws://bot.example.com:{server.port}/talk")
        assert not server.requests


class Wire(httpx.AsyncBaseTransport):
    """Sees which host a connection would really be made to."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(503)


async def test_the_checked_address_is_the_one_connected_to(mocker: MockerFixture) -> None:
    """A name that turns private after the check is not asked again: no rebinding gets in."""
    resolve = mocker.AsyncMock(side_effect=[["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]])
    wire = Wire()
    async with (
        httpx.AsyncClient(transport=wire) as http,
        http_bots(allow_private_hosts=False, http=http, resolve=resolve) as woken,
    ):
        assert not await woken.is_ready("wss://bot.example.com:8443/talk")
    (request,) = wire.requests  # the second and third try found a private address
    assert str(request.url) == "https://93.184.216.34:8443/warmup"
    assert request.headers["host"] == "bot.example.com:8443"
    assert request.extensions["sni_hostname"] == "bot.example.com"


async def test_each_try_takes_the_next_address(mocker: MockerFixture) -> None:
    """A host with several addresses is not given up because its first is out of reach."""
    wire = Wire()
    resolve = mocker.AsyncMock(return_value=["93.184.216.34", "2606:2800:21f::1"])
    async with (
        httpx.AsyncClient(transport=wire) as http,
        http_bots(allow_private_hosts=False, http=http, resolve=resolve) as woken,
    ):
        await woken.is_ready("wss://bot.example.com/talk")
    hosts = [request.url.host for request in wire.requests]
    assert hosts == ["93.184.216.34", "2606:2800:21f::1", "93.184.216.34"]


def certificate(folder: Path, name: str) -> Path:
    """Write a certificate for this name, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    begins = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "bot.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize(("name", "ready"), [("bot.example.com", True), ("bot.evil.com", False)])
async def test_the_bots_certificate_is_checked_for_its_name(
    tmp_path: Path, mocker: MockerFixture, name: str, *, ready: bool
) -> None:
    """The connection goes to an address, but the certificate must be the name's."""
    path = certificate(tmp_path, "bot.example.com")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(path)
    async with (
        Loopback(lambda _: response("200 OK"), tls=tls) as server,
        httpx.AsyncClient(verify=ssl.create_default_context(cafile=str(path))) as http,
        http_bots(http=http, resolve=mocker.AsyncMock(return_value=["127.0.0.1"])) as woken,
    ):
        assert await woken.is_ready(f"wss://{name}:{server.port}/talk") is ready
        assert len(server.requests) == (1 if ready else 0)
