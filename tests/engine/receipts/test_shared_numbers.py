"""A text belongs to whose number it came to, where a provider does not sign the URL."""

from dataclasses import replace

import pytest

from functions.domain.contacts.sender_lists import read_grants
from functions.domain.messages.delivery_events import Inbound
from functions.engine import paths
from functions.engine.contacts import suppressions
from functions.engine.receipts.inbound import receive_inbound
from tests.clock import NOON
from tests.engine.world import ORG, World, number

OURS, THEIRS = "+12025550100", "+12025550199"
OUR_ID, THEIR_ID = "106540352242922", "206540352242922"
STOP = Inbound("1", number(1), OURS, "STOP", NOON, account=OUR_ID)


@pytest.mark.parametrize(
    ("granted", "text", "is_taken"),
    [
        ([OURS], STOP, True),
        ([OUR_ID], STOP, True),
        ([THEIRS], STOP, False),
        ([THEIR_ID], STOP, False),
        (["template:hello"], STOP, False),
        ([OURS], STOP._replace(account=THEIR_ID, to=THEIRS), False),
        ([OURS], STOP._replace(account="untold", to=""), False),
        # The URL is signed where no account is told.
        ([THEIRS], STOP._replace(account=""), True),
    ],
)
async def test_a_text_to_another_s_number_changes_nothing(
    world: World, granted: list[str], text: Inbound, *, is_taken: bool
) -> None:
    """A text under our URL that came to a number of others bars nobody here, and is not kept."""
    engine = replace(world.engine, senders=read_grants({ORG: granted, "globex": [THEIRS]}))
    await receive_inbound(engine, ORG, "whatsapp", text)
    found = await suppressions.find(engine, ORG, number(1))
    assert (found is not None) is is_taken
    assert len(await world.documents(paths.inbound(ORG))) == is_taken


async def test_without_grants_the_url_says_whose_a_text_is(world: World) -> None:
    """Where nobody says whose numbers are whose, all organisations share them."""
    await receive_inbound(world.engine, ORG, "whatsapp", STOP)
    assert await suppressions.find(world.engine, ORG, number(1)) is not None


async def test_what_all_may_send_from_all_hear_from(world: World) -> None:
    """A number that the deployment grants to everybody is everybody's."""
    engine = replace(world.engine, senders=read_grants({"*": [OURS]}))
    await receive_inbound(engine, ORG, "whatsapp", STOP)
    assert await suppressions.find(engine, ORG, number(1)) is not None
