"""A version of a plan as processes remember it: it never changes."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from functions.domain.plans.plan import Plan
    from functions.domain.plans.sends import NodeSends


class PlanVersion(NamedTuple):
    """One version of a campaign's plan, ready to be walked."""

    number: int
    plan: "Plan"
    sends: "NodeSends"
