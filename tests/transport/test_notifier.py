"""Telling other people's servers, against real servers on loopback that verify what they hear."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest
from pytest_mock import MockerFixture

from functions.domain.notifications.notification import NoResponse, Responded
from functions.domain.notifications.signing import headers, new_secret
from functions.transport import notifier
from functions.transport.notifier import HttpNotifier
from functions.transport.public_http import Resolve
from tests.channels.loopback import Loopback, Request, response, say_nothing
from tests.clock import NOON, MovedClock
from tests.transport.webhook_receiver import is_genuine

SECRET = new_secret(b"a key that nobody else has, truly")
BODY = b'{"id":"evt_1","type":"campaign.started","data":{"name":"\xc3\xa9t\xc3\xa9"}}'
NOTHING: dict[str, str] = {}


@asynccontextmanager
async def notifying(
    *,
    allow_private_hosts: bool = True,
    resolve: Resolve | None = None,
    http: httpx.AsyncClient | None = None,
) -> AsyncIterator[HttpNotifier]:
    """Give a notifier whose clock stands at noon."""
    made = HttpNotifier(
        allow_private_hosts=allow_private_hosts, clock=MovedClock(), resolve=resolve, http=http
    )
    yield made
    await made.close()


async def test_the_receiver_can_verify_what_it_hears() -> None:
    """2. Body, path and headers arrive as they were given, and the signature verifies."""
    signed = headers([SECRET], "evt_1", BODY, now=NOON)
    async with Loopback(lambda _: response("200 OK")) as server, notifying() as told:
        url = f"http://127.0.0.1:{server.port}/hooks/a%20b?key=x&y=%2F"
        assert await told.post(url, signed, BODY) == Responded(200)
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/hooks/a%20b?key=x&y=%2F")
    assert request.body == BODY
    assert request.headers["content-type"] == "application/json"
    assert request.headers["host"] == f"127.0.0.1:{server.port}"
    assert is_genuine(request, SECRET, now=NOON.timestamp())
    assert not is_genuine(request, new_secret(bytes(32)), now=NOON.timestamp())


@pytest.mark.parametrize("status", [200, 204, 302, 400, 410, 429, 500])
async def test_an_answer_is_its_status(status: int) -> None:
    """1. Whatever the receiver answers is told as a value; a redirect is not followed."""

    def answer(_: Request) -> bytes:
        head = f"HTTP/1.1 {status} So\r\nLocation: http://127.0.0.1:{server.port}/other\r\n"
        return f"{head}Content-Length: 0\r\n\r\n".encode()

    async with Loopback(answer) as server, notifying() as told:
        url = f"http://127.0.0.1:{server.port}/hook"
        assert await told.post(url, NOTHING, BODY) == Responded(status)
    assert [request.path for request in server.requests] == ["/hook"]


async def test_how_long_to_wait_is_told() -> None:
    """3. Retry-After, in seconds or as a date, comes with the status."""
    at = NOON + timedelta(seconds=90)
    forms = ["90", at.strftime("%a, %d %b %Y %H:%M:%S GMT")]
    head = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After:"
    answers = [f"{head} {form}\r\n\r\n".encode() for form in forms]
    async with Loopback(lambda _: answers.pop()) as server, notifying() as told:
        for _ in forms:
            heard = await told.post(f"http://127.0.0.1:{server.port}/", NOTHING, BODY)
            assert heard == Responded(503, timedelta(seconds=90))


async def test_silence_is_given_up() -> None:
    """3. A receiver that never answers is given up after its time."""
    async with Loopback(say_nothing) as server, notifying() as told:
        heard = await told.post(f"http://127.0.0.1:{server.port}/", NOTHING, BODY)
        assert heard == NoResponse("timeout")


@pytest.mark.parametrize("length", [100, 1_000_000_000])
async def test_a_body_without_an_end_does_not_matter(
    monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    """3. The status counts; a body that is long, or never comes, is not waited for."""
    monkeypatch.setattr(notifier, "BODY_S", 0.05)
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode()
    sent = head + b"x" * min(length // 2, 100_000)
    async with Loopback(lambda _: sent) as server, notifying() as told:
        heard = await told.post(f"http://127.0.0.1:{server.port}/", NOTHING, BODY)
        assert heard == Responded(200)


@pytest.mark.parametrize("garbage", [b"", b"nonsense\r\n\r\n"])
async def test_an_answer_that_is_none_is_no_answer(garbage: bytes) -> None:
    """1. A connection that closes or talks nonsense is a value, not an error."""
    async with Loopback(lambda _: garbage) as server, notifying() as told:
        heard = await told.post(f"http://127.0.0.1:{server.port}/", NOTHING, BODY)
        assert heard == NoResponse("unreachable")


async def test_nobody_listening_is_unreachable(mocker: MockerFixture) -> None:
    """1. A refused connection and a name that leads nowhere are values, not errors."""
    nowhere = mocker.AsyncMock(side_effect=OSError("no such host"))
    async with notifying() as told:
        assert await told.post("http://127.0.0.1:1/", NOTHING, BODY) == NoResponse("unreachable")
    async with notifying(resolve=nowhere) as told:
        heard = await told.post("http://hook.example.com/", NOTHING, BODY)
        assert heard == NoResponse("unreachable")


async def test_a_further_address_is_tried_where_one_cannot_be_reached(
    mocker: MockerFixture,
) -> None:
    """A host whose first address is dead is reached by its second, and told once."""
    resolve = mocker.AsyncMock(return_value=["127.0.0.2", "127.0.0.1"])
    async with Loopback(lambda _: response("200 OK")) as server:
        async with notifying(resolve=resolve) as told:
            url = f"http://hook.example.com:{server.port}/"
            assert await told.post(url, NOTHING, BODY) == Responded(200)
        assert len(server.requests) == 1


# --- Our own network -------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.1"])
async def test_our_own_network_is_not_called(host: str) -> None:
    """4, 5. A URL that plainly names our own network is refused, before and when it is called."""
    async with notifying(allow_private_hosts=False) as told:
        url = f"https://{host}:8443/"
        assert await told.why_refused(url)
        assert await told.post(url, NOTHING, BODY) == NoResponse("refused_url")


async def test_plain_http_is_for_laptops(mocker: MockerFixture) -> None:
    """5. Over the Internet only https is accepted; beside private hosts, http as well."""
    resolve = mocker.AsyncMock(return_value=["93.184.216.34"])
    async with notifying(allow_private_hosts=False, resolve=resolve) as told:
        assert "https://" in await told.why_refused("http://hook.example.com/")
        assert await told.why_refused("https://hook.example.com/") == ""
    async with notifying() as told:
        assert await told.why_refused("http://127.0.0.1:8080/") == ""
        assert await told.why_refused("ftp://127.0.0.1/")
        assert await told.why_refused("http://user:pass@127.0.0.1/")


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:10.0.0.1", "169.254.169.254"])
async def test_a_public_name_that_leads_inside_is_refused(
    mocker: MockerFixture, address: str
) -> None:
    """4, 5. A name that leads into our own network is refused, before and when it is called."""
    resolve = mocker.AsyncMock(return_value=["93.184.216.34", address])
    async with notifying(allow_private_hosts=False, resolve=resolve) as told:
        url = "https://hook.example.com/"
        assert "does not lead to the public Internet" in await told.why_refused(url)
        assert await told.post(url, NOTHING, BODY) == NoResponse("refused_address")


async def test_a_name_that_is_not_known_yet_may_be_subscribed(mocker: MockerFixture) -> None:
    """5. A name that leads nowhere today is not refused: the attempts will tell."""
    nowhere = mocker.AsyncMock(side_effect=OSError("no such host"))
    async with notifying(allow_private_hosts=False, resolve=nowhere) as told:
        assert await told.why_refused("https://hook.example.com/") == ""


class Wire(httpx.AsyncBaseTransport):
    """Sees which address a connection would really be made to."""

    def __init__(self) -> None:
        self.hosts: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Note the address, and answer."""
        self.hosts.append(request.url.host)
        return httpx.Response(200, stream=httpx.ByteStream(b""))


async def test_the_checked_address_is_the_one_connected_to(mocker: MockerFixture) -> None:
    """4. A name that was public when it was subscribed, and leads inside now, is not called."""
    answers = [["93.184.216.34"], ["93.184.216.34"], ["127.0.0.1"]]
    rebinding = mocker.AsyncMock(side_effect=answers)
    wire, url = Wire(), "https://hook.example.com/"
    async with (
        httpx.AsyncClient(transport=wire) as http,
        notifying(allow_private_hosts=False, resolve=rebinding, http=http) as told,
    ):
        assert await told.why_refused(url) == ""
        assert await told.post(url, NOTHING, BODY) == Responded(200)
        assert await told.post(url, NOTHING, BODY) == NoResponse("refused_address")
    assert wire.hosts == ["93.184.216.34"]
