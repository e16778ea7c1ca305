"""Whether a browser says that one of our own pages makes it send a request."""

from collections.abc import Collection, Mapping
from typing import Final

_FETCHED_BY: Final = "sec-fetch-site"
_OWN: Final = "same-origin"


def is_foreign_page(headers: Mapping[str, str], own_hosts: Collection[str] = ()) -> bool:
    """Tell whether a browser says that a page of another origin makes it send this request.

    What no page has asked for is no foreign page's: an address that was typed, or a program.
    """
    return headers.get(_FETCHED_BY, "none") not in {"none", _OWN} or _differs(headers, own_hosts)


def is_own_page(headers: Mapping[str, str], own_hosts: Collection[str]) -> bool:
    """Tell whether a browser vouches that a page of ours makes it send this request.

    No page can set these headers. Browsers send Sec-Fetch-Site over TLS and to localhost only,
    which are also the only places where they keep the cookie of a session.
    """
    return headers.get(_FETCHED_BY) == _OWN and not _differs(headers, own_hosts)


def _differs(headers: Mapping[str, str], own_hosts: Collection[str]) -> bool:
    """Tell whether Origin is there, and is neither the host that was asked nor one of ours.

    A form of a page that tells nobody where it is (Referrer-Policy: no-referrer), as our own, is
    sent with "null". So is one within a sandbox, which is of no origin to the other header either.
    """
    origin = headers.get("origin")
    if origin is None or (origin == "null" and headers.get(_FETCHED_BY) == _OWN):
        return False
    host = origin.lower().partition("://")[2]
    return host != headers.get("host", "").lower() and host not in own_hosts
