"""Admission: who of an audience is let into a campaign's plan as it starts, and why others not."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.plans.plan import Plan
from functions.domain.plans.sends import parts_of
from functions.engine.campaigns.recipient import Recipient
from functions.engine.contacts.suppressions import kept_out
from functions.engine.kernel.engine import Engine
from functions.engine.plans import entry
from functions.engine.plans.decisions import Walk
from functions.engine.plans.entering import Person, entered, refused
from functions.engine.process.plan_version import PlanVersion


class Entrant(NamedTuple):
    """A walk that begins, or is refused, and the recipient whose walk it is."""

    walk: Walk
    to: Recipient


def first_send(version: PlanVersion) -> str:
    """Return the key of the send that everybody begins with; "" where there is none."""
    starts = version.plan.starts
    first = version.plan.nodes[starts[0]]
    sends = len(starts) == 1 and bool(parts_of(version.plan, first))
    return version.sends.key(first.id) if sends else ""


class Admission:
    """Decides who is let in, page by page."""

    def __init__(self, engine: Engine, campaign: Campaign, plan: Plan) -> None:
        self._engine = engine
        self._campaign = campaign
        self._plan = plan

    async def walks(self, recipients: Sequence[Recipient]) -> Mapping[str, Entrant]:
        """Return the walks of a page's recipients by id; one that is refused has ended."""
        filtered = await entry.filtered(
            self._engine, self._campaign, {to.contact for to in recipients}
        )
        barred = await self._barred(recipients)
        entrants = [Entrant(self._walk(to, filtered, barred), to) for to in recipients]
        return {entrant.walk.id: entrant for entrant in entrants}

    async def _barred(self, recipients: Sequence[Recipient]) -> Collection[str]:
        """Return the addresses that no channel may reach; the others are barred from one alone."""
        return await kept_out(
            self._engine,
            self._campaign.org,
            {to.address for to in recipients if to.skip_reason == "suppressed"},
            scopes=entry.barring_scopes(self._campaign),
        )

    def _walk(self, to: Recipient, filtered: Collection[str], barred: Collection[str]) -> Walk:
        who = to.contact.rpartition("/")[2]
        person = Person(who, who, to.contact, to.address, to.region, to.zones)
        by = self._campaign.entry.by if self._campaign.entry else ""
        now = self._engine.clock.now()
        walk = entered(self._campaign, self._plan, person, by=by, at=now)
        walk = walk._replace(heard_at=None)  # nothing can have been told of them since now
        reason = "inactive" if to.skip_reason == "inactive" else ""
        reason = reason or ("suppressed" if to.address in barred else "")
        reason = reason or ("entry_filter" if to.contact in filtered else "")
        return Walk(person.enrollment_id, refused(walk, reason) if reason else walk)
