"""Which URLs and addresses of users may be called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.urls.public_urls import (
    BOT_SCHEMES,
    WEB_SCHEMES,
    check_public_url,
    is_public_address,
)

SCHEMES = ("ws", "wss")


@pytest.mark.parametrize(
    "url",
    [
        "wss://bot.example.com",
        "wss://bot.example.com:8080/talk?campaign=1",
        "WSS://Bot.Example.COM./talk",
        "wss://8.8.8.8/talk",
        "wss://[2606:4700::1111]:443/talk",
        "wss://xn--bcher-kva.example/",
        "wss://my_bot.1a.example/",
    ],
)
def test_public_urls_pass(url: str) -> None:
    """A URL of a public name or address may be called."""
    check_public_url(url, schemes=SCHEMES)


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("", "visible ASCII"),
        ("wss://bot.example/" + "x" * 2048, "2048"),
        ("wss://bot.example/a b", "visible ASCII"),
        ("wss://bot.example/\n", "visible ASCII"),
        ("wss://bücher.example", "visible ASCII"),
        ("wss://127。0。0。1/", "visible ASCII"),
        ("wss://bot.example\\@127.0.0.1", "visible ASCII"),
        ("https://bot.example.com", "must begin with"),
        ("bot.example.com", "must begin with"),
        ("wss://", "name a host"),
        ("wss://:443/", "name a host"),
        ("wss://user:pass@bot.example.com", "user name or password"),
        ("wss://bot.example.com#now", "fragment"),
        ("wss://bot.example.com:port", "cannot be read"),
        ("wss://bot.example.com:99999", "cannot be read"),
        ("wss://[::1", "cannot be read"),
        ("wss://bot..example.com", "not a valid host name"),
        ("wss://-bot.example.com", "not a valid host name"),
        ("wss://bot%2eexample.com", "not a valid host name"),
    ],
)
@pytest.mark.parametrize("allow_private", [True, False])
def test_unfit_urls_are_refused_with_a_sentence(
    url: str, named: str, *, allow_private: bool
) -> None:
    """A URL that is malformed or of another scheme is refused, saying why, wherever we run."""
    with pytest.raises(ValueError, match=named):
        check_public_url(url, schemes=SCHEMES, allow_private=allow_private)


@pytest.mark.parametrize(
    "url", ["ws://bot.example.com/talk", "WS://bot.example.com", "http://a.example"]
)
def test_what_anybody_on_the_way_can_read_is_for_laptops(url: str) -> None:
    """Without TLS nothing is connected to, but where our own network may be."""
    schemes = BOT_SCHEMES + WEB_SCHEMES
    check_public_url(url, schemes=schemes, allow_private=True)
    with pytest.raises(ValueError, match="begin with wss:// or https://"):
        check_public_url(url, schemes=schemes)


PRIVATE_HOSTS = [
    "localhost",
    "LOCALHOST.",
    "bot.localhost",
    "printer.local",
    "metadata.google.internal",
    "nas.home.arpa",
    "intranet",
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.192",
    "0.0.0.0",  # noqa: S104 (refused, not bound)
    "224.0.0.1",
    "255.255.255.255",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "example.1",
    "[::1]",
    "[::]",
    "[fe80::1]",
    "[fd00::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[::ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::10.0.0.1]",
    "[64:ff9b:1::169.254.169.254]",
    "[::ffff:0:127.0.0.1]",
    "[5f00::1]",
    "[2002:7f00:1::]",
]


@pytest.mark.parametrize("host", PRIVATE_HOSTS)
def test_hosts_of_our_own_network_are_refused_unless_allowed(host: str) -> None:
    """A name or address of a private network is refused, except where a laptop allows it."""
    with pytest.raises(ValueError, match="not a public"):
        check_public_url(f"wss://{host}/talk", schemes=SCHEMES)
    check_public_url(f"wss://{host}/talk", schemes=SCHEMES, allow_private=True)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    """An address that the whole Internet can reach is public."""
    assert is_public_address(address)


@pytest.mark.parametrize("address", ["", "bot.example.com", "8.8.8", "fe80::1%eth0"])
def test_what_is_no_address_is_not_public(address: str) -> None:
    """Names, torn addresses and addresses bound to an interface are not public."""
    assert not is_public_address(address)


@given(st.ip_addresses(v=4, network="10.0.0.0/8") | st.ip_addresses(v=4, network="127.0.0.0/8"))
def test_no_spelling_of_a_private_address_is_public(address: object) -> None:
    """A private IPv4 address stays private inside IPv6, however it is wrapped."""
    forms = (f"{address}", f"::ffff:{address}", f"::{address}", f"64:ff9b::{address}")
    assert not any(is_public_address(form) for form in forms)
