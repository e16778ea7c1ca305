"""Repeat: by which rule a broadcast comes again, and which of its runs a campaign is."""

from datetime import datetime
from typing import NamedTuple


class Repeat(NamedTuple):
    """How a broadcast repeats itself. Runs that were skipped count, too."""

    rrule: str  #: of RFC 5545
    zone: str  #: by whose clocks it comes, an IANA name
    begins_at: datetime  #: from when on the rule counts
    occurrence: datetime  #: the instant that this run stands for, wherever it is moved
    number: int = 1  #: of this run
    times: int | None = None  #: how many runs there are; None: no end by number
    until: datetime | None = None  #: no run stands for an instant after this one
    following: str = ""  #: the id of the next run, once this one has made it
