"""Which URLs a user may make us call: pure checks, before anything is resolved or connected to.

A URL that a user gives us is fetched from inside our network, so it must not name that network.
The checks here see only the text; whoever connects must check the resolved addresses as well
(`is_public_address`), because a public name may lead to a private address.
"""

import ipaddress
import re
from collections.abc import Collection
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

IPAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_URL_LENGTH: Final = 2048
#: Names that only ever lead into somebody's own network (RFC 6761, RFC 6762, RFC 9476, ICANN).
PRIVATE_SUFFIXES: Final = ("localhost", "local", "internal", "home.arpa")

_VISIBLE: Final = re.compile(r"[!-\[\]-~]+")  # printable ASCII without blanks and backslash
_NAME: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
#: What we call, and where calls are connected to; the second of each where nobody else listens.
WEB_SCHEMES: Final = ("https", "http")
BOT_SCHEMES: Final = ("wss", "ws")
_READABLE: Final = frozenset({"http", "ws"})
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
#: All that IANA has given to hosts so far; what lies beside it leads into somebody's own network.
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
#: For protocols between neighbours (RFC 6890); a cloud keeps its metadata there.
_PROTOCOLS: Final = ipaddress.IPv4Network("192.0.0.0/24")


def check_public_url(url: str, *, schemes: Collection[str], allow_private: bool = False) -> None:
    """Raise ValueError, with a sentence for the user, unless `url` may be called by us.

    `schemes` are lower-case names such as "wss". `allow_private` permits hosts of our own
    network, and schemes that anybody on the way can read, which only a laptop or a test wants.
    """
    if len(url) > MAX_URL_LENGTH or not _VISIBLE.fullmatch(url):
        raise ValueError(
            f"The URL must have 1 to {MAX_URL_LENGTH} visible ASCII characters and no backslash."
        )
    allowed = [each for each in schemes if allow_private or each not in _READABLE]
    host = _host(_split(url), allowed)
    if not allow_private:
        _check_public_host(host)


def is_public_address(address: str) -> bool:
    """Tell whether an IP address, and any IPv4 address inside it, lies on the public Internet."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return all(_is_public(part) for part in (ip, *_embedded(ip)))


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # parsed, and refused, on access only
    except ValueError as error:
        raise ValueError(f"The URL cannot be read: {error}.") from error
    return parts


def _host(parts: SplitResult, schemes: Collection[str]) -> str:
    if parts.scheme not in schemes:
        wanted = " or ".join(f"{scheme}://" for scheme in schemes)
        raise ValueError(f"The URL must begin with {wanted}.")
    if "@" in parts.netloc:
        raise ValueError("The URL must not hold a user name or password.")
    if parts.fragment:
        raise ValueError("The URL must not have a fragment (#).")
    host = (parts.hostname or "").removesuffix(".")
    if not host:
        raise ValueError("The URL must name a host.")
    if ":" not in host and not _NAME.fullmatch(host):
        raise ValueError(f"The URL's host '{host}' is not a valid host name.")
    return host


def _check_public_host(host: str) -> None:
    if ":" in host or _NUMBER.fullmatch(host.rpartition(".")[2]):
        # A name that ends in a number is an address to every resolver, "127.1" and "0x7f.1" too.
        if not is_public_address(host):
            raise ValueError(f"The URL's host '{host}' is not a public address.")
    elif "." not in host or any(_is_under(host, suffix) for suffix in PRIVATE_SUFFIXES):
        raise ValueError(f"The URL's host '{host}' is not a public name.")


def _is_under(host: str, suffix: str) -> bool:
    return host == suffix or host.endswith(f".{suffix}")


def _is_public(ip: IPAddress) -> bool:
    if isinstance(ip, ipaddress.IPv6Address) and ip not in _UNICAST and ip not in _NAT64:
        return False
    return ip.is_global and not ip.is_multicast and ip not in _PROTOCOLS


def _embedded(ip: IPAddress) -> list[IPAddress]:
    """Return the IPv4 addresses that a translator or tunnel would forward this address to."""
    if isinstance(ip, ipaddress.IPv4Address):
        return []
    low = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None
    return [found for found in (ip.ipv4_mapped, ip.sixtofour, low) if found is not None]
