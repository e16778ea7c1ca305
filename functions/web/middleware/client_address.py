"""Whom a request comes from, as far as those that hand it on can be believed."""

from ipaddress import ip_address

from fastapi import Request


def client_address(request: Request, trusted_proxies: int) -> str:
    """Return the address of a request's sender, "" where it has none.

    Each of our proxies adds at the end of X-Forwarded-For whom it was called by: so many of the
    last are told by ours, and what stands before them is the sender's own invention.
    """
    peer = request.client.host if request.client else ""
    told = ",".join(request.headers.getlist("x-forwarded-for"))
    hops = [hop.strip() for hop in told.split(",") if hop.strip()]
    if not trusted_proxies or not hops:
        return peer
    return _address(hops[-min(trusted_proxies, len(hops))]) or peer


def _address(hop: str) -> str:
    """Return the address of a hop, which some proxies write with its port; "" of another text."""
    host = hop.removeprefix("[").partition("]")[0] if hop.startswith("[") else hop
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return str(ip_address(host))
    except ValueError:
        return ""
