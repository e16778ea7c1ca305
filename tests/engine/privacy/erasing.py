"""A person who is known everywhere, and how the tests erase them."""

from datetime import timedelta

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.contacts.contact import ERASED
from functions.domain.errors import NotFoundError
from functions.domain.messages.message import Message
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.contacts import contacts
from functions.engine.messages import statistics
from functions.engine.privacy import erasure
from tests.engine.stored_contacts import add_people, list_of, naming
from tests.engine.stored_lists import check_list
from tests.engine.world import ORG, World, number
from tests.salted import contact_id

SECOND = timedelta(seconds=1)
ANA, BEN, CEM = (number(n) for n in (1, 2, 3))
ANA_ID = contact_id(ANA)
#: What tells who Ana is.
TELLS = (ANA, "ana@example.com", "Ana Sol", "Tea Street")
ROW = {
    "phone": ANA,
    "email": "ana@example.com",
    "first_name": "Ana Sol",
    "attributes": {"street": "Tea Street"},
}


async def populated(world: World) -> str:
    """Store Ana, Ben and Cem, and a list of them; return its id."""
    ids = await add_people(world.engine, [ROW, {"phone": BEN}, {"phone": CEM}])
    return await list_of(world.engine, ids)


async def erase(world: World, id_: str = ANA_ID) -> None:
    """Erase somebody."""
    await erasure.erase(world.engine, ORG, id_, by="ann")


async def message_of(world: World, campaign: Campaign) -> Message:
    """Return a campaign's one message to somebody who was erased."""
    return await world.message_to(campaign, ERASED)


async def check_forgotten(world: World) -> None:
    """Hold that nothing tells who Ana was, and that all statistics are right."""
    assert await naming(world.store, *TELLS) == []
    with pytest.raises(NotFoundError):
        await contacts.load(world.engine, ORG, ANA_ID)
    for document in await world.documents(paths.campaigns(ORG)):
        campaign = await lifecycle.load(world.engine, ORG, document.id)
        counts = await statistics.read_one(world.engine, campaign)
        counted = {str(status): n for status, n in counts.by_status.items() if n}
        assert counted == await world.statuses(campaign)
    for document in await world.documents(paths.lists(ORG)):
        await check_list(world.store, ORG, document.id)


async def trail(world: World) -> list[dict[str, object]]:
    """Return the entries of erasures in the audit trail."""
    entries = [each.data for each in await world.documents(paths.audit_trail(ORG))]
    return [entry for entry in entries if entry["action"] == "contact_erased"]
