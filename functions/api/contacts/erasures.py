"""Erasures over REST: somebody is forgotten by what a caller knows of them.

An address does not belong in a URL that is logged on its way, and not everybody is a contact.
"""

from fastapi import APIRouter

from functions.engine.privacy import erasure
from functions.web.auth import Area
from functions.web.caller_route import Operator, RestRoute
from functions.web.fields import example
from functions.web.person_body import PersonBody

router = APIRouter(prefix="/erasures", tags=[Area.CONTACTS], route_class=RestRoute)


class ErasureBody(PersonBody):
    """Who is to be forgotten, by one of contact_id, phone, email and subject."""

    model_config = example({"subject": "contact#1"})


@router.post("", status_code=204)
async def erase_person(wanted: ErasureBody, context: Operator) -> None:
    """Forget somebody: a contact, an address, or whoever you call by a name of your own.

    Their walks end, what is still pending is cancelled, and what was told of them is removed. A
    suppression of the address stays. If this breaks off, repeat it: it goes on where it stopped.
    """
    id_ = wanted.contact_id or await erasure.whose(
        context.engine, context.org, address=wanted.address, subject=wanted.subject or ""
    )
    await erasure.erase(context.engine, context.org, id_, by=context.by)
