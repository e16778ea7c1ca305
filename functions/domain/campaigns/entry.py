"""Entry: who enters the plan of a campaign, upon what, and how often."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple


class EntryBy(StrEnum):
    """Upon what people enter a plan."""

    API = "api"  #: somebody asks for it
    LIST = "list"  #: they are members of a list at the start
    SEGMENT = "segment"  #: a segment's conditions hold for them at the start
    EVENT = "event"  #: something happens to them


NEVER: Final = "never"
AFTER_EXIT: Final = "after_exit"
CONTINUE: Final = "continue"
PARALLEL: Final = "parallel"


class Entry(NamedTuple):
    """Who enters a plan, and how often."""

    by: str  #: an EntryBy
    event: str = ""  #: the event upon which people enter
    #: How often one person enters: never again, once they have ended, so long after that (an ISO
    #: 8601 duration), or, under different keys, several times at once. Into a sequence whoever
    #: has left can come back for the steps that they have not had ("continue").
    reentry: str = NEVER
    conditions: Mapping[str, Any] | None = None  #: of contacts who may enter, as a segment's

    @property
    def stays_open(self) -> bool:
        """True where people may enter after the start."""
        return self.by in {EntryBy.API, EntryBy.EVENT}
