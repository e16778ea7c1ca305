"""The versions of plans that this process has read: they never change."""

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from functions.domain.plans.plan import Plan
    from functions.domain.plans.sends import NodeSends

#: Versions remembered at a time; the one that was not asked for longest goes first.
_MOST: Final = 256


class PlanVersion(NamedTuple):
    """One version of a campaign's plan, ready to be walked."""

    number: int
    plan: "Plan"
    sends: "NodeSends"


class PlanCache:
    """Versions of plans, by their paths."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, PlanVersion] = OrderedDict()

    def get(self, path: str) -> PlanVersion | None:
        """Return a version that was read before."""
        found = self._known.get(path)
        if found is not None:
            self._known.move_to_end(path)
        return found

    def keep(self, path: str, version: PlanVersion) -> None:
        """Remember a version."""
        self._known[path] = version
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
