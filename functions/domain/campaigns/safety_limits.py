"""Safety limits: when a campaign that goes wrong is paused."""

from typing import NamedTuple


class Canary(NamedTuple):
    """Send to the first recipients, wait for the outcome, and pause if too many sends failed."""

    first: int
    failed_percent: int
    wait_s: int = 600


class Guardrail(NamedTuple):
    """Pause once `failed_percent` of the last messages have failed."""

    failed_percent: int
    of_last: int
