"""What requests to hosts of users share, whatever they are for."""

from ipaddress import ip_address

import pytest
from pytest_mock import MockerFixture

from functions.transport import public_http
from functions.transport.public_http import PublicHttp
from tests.channels.loopback import Loopback


async def test_names_are_resolved_by_the_system() -> None:
    """Without a resolver of our own, the system's is asked."""
    addresses = await public_http._resolve("localhost", 80)
    assert all(ip_address(address).is_loopback for address in addresses)


async def test_no_cookie_reaches_another_host_of_the_same_address(mocker: MockerFixture) -> None:
    """Hosts behind one address do not get each other's cookies, nor do they fill our memory."""
    answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: who=theirs; Path=/\r\nContent-Length: 0\r\n\r\n"
    resolve = mocker.AsyncMock(return_value=["127.0.0.1"])
    async with Loopback(lambda _: answer) as server, public_http.client() as http:
        found = PublicHttp(allow_private=True, http=http, resolve=resolve)
        for host in ("one.example.com", "two.example.com"):
            (request,) = await found.requests("GET", f"http://{host}:{server.port}/")
            await (await found.send(request)).aclose()
        assert [request.headers["host"].split(":")[0] for request in server.requests] == [
            "one.example.com",
            "two.example.com",
        ]
        assert all("cookie" not in request.headers for request in server.requests)
        assert not http.cookies


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["not an address"], []]
)
async def test_one_private_address_is_enough_to_refuse(
    mocker: MockerFixture, addresses: list[str]
) -> None:
    """A host with an address of our own network, or without any, is sent nothing."""
    resolve = mocker.AsyncMock(return_value=addresses)
    found = PublicHttp(allow_private=False, resolve=resolve)
    assert await found.requests("POST", "https://hook.example.com/") == []
    await found.close()
