"""How many requests an organisation may send: a rate and a burst, kept in this process.

Each instance keeps its own count, so that a request costs no round trip: an organisation may send
at API_RATE_PER_S to each of them. The limit is there so that one organisation does not slow down
the others of an instance; what may be sent to people is bounded by the throttles.
"""

import math
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from functions.domain.sending_rules.rate_limit import spacing
from functions.engine.ports.clock import Clock

#: A pause of this length gathers as much as may then come at once.
BURST: Final = timedelta(seconds=2)
#: A body counts as one more request for each such part of it.
COUNTED_BYTES: Final = 250_000
#: Organisations whose state is kept. One that is forgotten starts with a full burst.
_ORGS: Final = 10_000
_NO_TIME: Final = timedelta()
_POLICY: Final = "organisation"  #: whose requests count together


class RateLimitedError(Exception):
    """The organisation sends more requests than it may."""

    code = "RATE_LIMITED"

    def __init__(self, retry_after: timedelta) -> None:
        self.retry_after_s = max(1, math.ceil(retry_after.total_seconds()))
        super().__init__(
            f"This organisation sends too many requests; try again in {self.retry_after_s} s"
        )


class RateLimiter:
    """Counts the requests of each organisation; `rate_per_s` 0 lets everything pass."""

    def __init__(self, rate_per_s: float, *, clock: Clock) -> None:
        self._clock = clock
        self._free_at: OrderedDict[str, datetime] = OrderedDict()
        self._is_on = rate_per_s > 0
        if self._is_on:
            self._spacing = spacing(rate_per_s)
            window = max(math.ceil(BURST.total_seconds()), math.ceil(1 / rate_per_s))
            self._quota = max(1, math.floor(rate_per_s * window))
            self._policy = f'"{_POLICY}";q={self._quota};w={window}'

    def admit(self, org: str, *, size: int = 0) -> None:
        """Count a request with a body of `size` bytes. Raises RateLimitedError if it is too many.

        A large one passes as a small one does, and counts as many: those behind it wait longer.
        """
        if not self._is_on:
            return
        now = self._clock.now()
        # What `reserve` does for messages and several scopes, in short: this is every request's.
        # Taken out and put back at the end: the first of them has sent nothing for longest.
        free_at = max(self._free_at.pop(org, now), now)
        too_soon = free_at - now - BURST
        is_admitted = too_soon <= _NO_TIME
        weight = 1 + size // COUNTED_BYTES
        self._free_at[org] = free_at + self._spacing * weight if is_admitted else free_at
        if len(self._free_at) > _ORGS:
            self._free_at.popitem(last=False)
        if not is_admitted:
            raise RateLimitedError(too_soon)

    def headers(self, org: str) -> Mapping[str, str]:
        """Return what an organisation is told of its rate: draft-ietf-httpapi-ratelimit-headers.

        Of the quota `q` of each window of `w` seconds `r` requests are left; after `t` seconds
        without a request it is whole again.
        """
        if not self._is_on:
            return {}
        now = self._clock.now()
        ahead = max(self._free_at.get(org, now) - now, _NO_TIME)
        left = min(max((BURST - ahead) // self._spacing + 1, 0), self._quota)
        told = f'"{_POLICY}";r={left};t={math.ceil(ahead.total_seconds())}'
        return {"RateLimit-Policy": self._policy, "RateLimit": told}
