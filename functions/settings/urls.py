"""The URLs by which settings name things, read, and what can be told of a host by its name."""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import TypeAlias
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, slots=True)
class SqliteUrl:
    """A SQLite file, or ":memory:"."""

    path: str


@dataclass(frozen=True, slots=True)
class FirestoreUrl:
    """A Firestore database in native mode."""

    project: str
    database: str = "(default)"


StoreUrl: TypeAlias = SqliteUrl | FirestoreUrl


@dataclass(frozen=True, slots=True)
class LocalQueueUrl:
    """The queue inside this process."""


@dataclass(frozen=True, slots=True)
class CloudTasksUrl:
    """A Cloud Tasks queue."""

    project: str
    location: str
    queue: str


QueueUrl: TypeAlias = LocalQueueUrl | CloudTasksUrl


@dataclass(frozen=True, slots=True)
class SmtpUrl:
    """A mail server that takes mails from us."""

    host: str
    port: int
    user: str
    password: str
    implicit_tls: bool  #: TLS from the first byte; else STARTTLS where the server offers it


_SMTP_PORTS = {"smtp": 587, "smtps": 465}


def parse_smtp(url: str) -> SmtpUrl:
    """Read an SMTP_URL; raises ValueError with what it must look like, never with its secret."""
    try:
        parts = urlsplit(url)
        port = parts.port or _SMTP_PORTS[parts.scheme]
    except (KeyError, ValueError):
        parts, port = urlsplit(""), 0
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must be smtp://HOST:PORT or smtps://USER:PASSWORD@HOST:PORT")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return SmtpUrl(parts.hostname, port, user, password, parts.scheme == "smtps")


def parse_store(url: str) -> StoreUrl:
    """Read a STORE_URL; raises ValueError with what it must look like."""
    if sqlite := re.fullmatch(r"sqlite:///(.+)", url):
        return SqliteUrl(sqlite[1])
    if firestore := re.fullmatch(r"firestore://([\w.:-]+)(?:/([a-z0-9-]+|\(default\)))?", url):
        return FirestoreUrl(firestore[1], firestore[2] or "(default)")
    raise ValueError("must be sqlite:///PATH, firestore://PROJECT or firestore://PROJECT/DATABASE")


def parse_queue(url: str) -> QueueUrl:
    """Read a QUEUE_URL; raises ValueError with what it must look like."""
    if url == "local://":
        return LocalQueueUrl()
    if tasks := re.fullmatch(r"cloudtasks://([\w.:-]+)/([a-z0-9-]+)/([A-Za-z0-9-]+)", url):
        return CloudTasksUrl(*tasks.groups())
    raise ValueError("must be local:// or cloudtasks://PROJECT/LOCATION/QUEUE")


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def is_loopback_url(url: str) -> bool:
    """Whether a URL leads to this machine."""
    return is_loopback(urlsplit(url).hostname or "")


def is_public_url(url: str) -> bool:
    """Whether a provider can reach us by this URL, over TLS."""
    return url.startswith("https://") and not is_loopback_url(url)


def is_safe_url(url: str) -> bool:
    """Whether nobody between us and the other end can read or change what is sent."""
    return url.startswith("https://") or is_loopback_url(url)
