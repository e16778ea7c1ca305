"""Entering: somebody begins to walk through a plan, for the first time or once more."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.ids import enrollment_id
from functions.domain.plans.enrollment import Enrollment, EnrollmentStatus, Thread
from functions.domain.plans.listening import heard_by
from functions.domain.plans.plan import Plan
from functions.domain.plans.versions.continuing import Rest


class Person(NamedTuple):
    """Who enters a plan."""

    subject: str  #: the contact's id, or what a caller calls whoever enters
    who: str  #: the id of the contact, stored or not; of a free subject one derived from it
    contact: str  #: the contact's path, also of a free subject, whom no contact is stored for
    address: str = ""  #: what they are entered by, where that is an address
    region: str = ""
    zones: Sequence[str] = ()
    key: str = ""  #: tells this walk from others of the same subject
    data: Mapping[str, str] = {}  #: what is known of this walk alone
    event: str = ""  #: the id of the custom event upon which they enter

    @property
    def enrollment_id(self) -> str:
        """The id of their enrollment: two entries at once are entries of one document."""
        return enrollment_id(self.who, self.key)


def entered(
    campaign: Campaign,
    plan: Plan,
    person: Person,
    *,
    by: str,
    at: datetime,
    rest: Rest | None = None,
) -> Enrollment:
    """Return somebody at the beginning of a campaign's plan, from `at` on.

    `rest`: what is left of it for somebody who comes back; None: they get it whole.
    """
    rest = rest or Rest(plan.starts)
    walk = Enrollment(
        person.subject,
        at,
        threads={start: Thread(start, at) for start in rest.starts},
        next_at=at,
        who=person.who,
        contact=person.contact,
        address=person.address,
        region=person.region,
        zones=person.zones,
        data=person.data,
        key=person.key,
        by=by,
        event=person.event,
        plan=campaign.plan,
        former=rest.former,
    )
    # What is told of them while they enter is looked for by the first look at them.
    hears = sorted(heard_by(plan, walk))
    return walk._replace(hears=hears, heard_at=at if hears else None)


def refused(enrollment: Enrollment, reason: str) -> Enrollment:
    """Return somebody who does not enter, with the reason why."""
    return enrollment._replace(
        status=EnrollmentStatus.EXITED,
        exit=reason,
        ended_at=enrollment.entered_at,
        threads={},
        next_at=None,
    )
