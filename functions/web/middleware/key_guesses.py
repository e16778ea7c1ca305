"""Wrong API keys are refused more and more slowly, before the store is asked for them.

Each process counts for itself, in bounded memory. Wrong keys count for the address that they come
from, and for what they have in common with a key there: guessing one key's secret is stopped
sooner. A key that was right here lately is looked up whatever else comes from its address, so that
nobody behind the same proxy is shut out.
"""

import math
from collections import OrderedDict
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from typing import Final, NamedTuple

from functions.engine.ports.clock import Clock


class _Allowance(NamedTuple):
    at_once: int
    then_every: timedelta


_OF_ADDRESS: Final = _Allowance(10, timedelta(seconds=6))
_OF_KEY: Final = _Allowance(5, timedelta(seconds=30))
#: What is remembered of either; what has been quiet for longest is forgotten first.
_REMEMBERED: Final = 10_000
_PREFIX_LENGTH: Final = 100
_NETWORK: Final = 64  #: bits of an IPv6 address that one customer has


class TooManyWrongKeysError(Exception):
    """Too many wrong API keys came from this address."""

    code = "RATE_LIMITED"

    def __init__(self, wait: timedelta) -> None:
        self.retry_after_s = max(1, math.ceil(wait.total_seconds()))
        super().__init__(f"Too many wrong API keys; try again in {self.retry_after_s} s")


class KeyGuesses:
    """Counts wrong API keys."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._free_at: OrderedDict[str, datetime] = OrderedDict()
        self._right: OrderedDict[bytes, None] = OrderedDict()

    def check(self, address: str, token: str) -> None:
        """Raise TooManyWrongKeysError where no further guess is looked at yet."""
        if sha256(token.encode()).digest() in self._right:
            return
        now = self._clock.now()
        waits = [
            self._free_at.get(name, now) - (allowance.at_once - 1) * allowance.then_every - now
            for name, allowance in _scopes(address, token)
        ]
        if (longest := max(waits)) > timedelta(0):
            raise TooManyWrongKeysError(longest)

    def note_wrong(self, address: str, token: str) -> None:
        """Count a key that was refused."""
        now = self._clock.now()
        for name, allowance in _scopes(address, token):
            free_at = max(self._free_at.pop(name, now), now)
            self._free_at[name] = free_at + allowance.then_every
            if len(self._free_at) > _REMEMBERED:
                self._free_at.popitem(last=False)

    def note_right(self, token: str) -> None:
        """Remember a key that was taken, and nothing that it could be made of."""
        digest = sha256(token.encode()).digest()
        self._right[digest] = None
        self._right.move_to_end(digest)
        if len(self._right) > _REMEMBERED:
            self._right.popitem(last=False)


def _scopes(address: str, token: str) -> list[tuple[str, _Allowance]]:
    network, prefix = _network(address), token.rpartition("_")[0][:_PREFIX_LENGTH]
    return [(network, _OF_ADDRESS), (f"{network} {prefix}", _OF_KEY)]


def _network(address: str) -> str:
    """Return what one sender can change of its address at will taken away."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if mapped := parsed.ipv4_mapped:
        return str(mapped)
    return f"{int(parsed) >> (128 - _NETWORK):x}"
