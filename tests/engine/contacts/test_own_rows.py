"""What an uploaded file says of somebody stays with their list, and is found by their contact."""

from dataclasses import replace
from io import BytesIO
from typing import Any

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.send import Send
from functions.domain.kinds import ChannelKind
from functions.engine import paths
from functions.engine.campaigns import audience, call_answers
from functions.engine.campaigns.audience import Source
from functions.engine.contacts import list_rows, lists
from functions.engine.imports import list_upload
from tests.engine.stored_contacts import add_numbers, add_people
from tests.engine.world import ORG, World, number
from tests.engine.wrapped_store import Do, Operation, WrappedStore
from tests.salted import contact_id


async def _uploaded(world: World, rows: str) -> str:
    file = BytesIO(f"number,timezone,plan\n{rows}".encode())
    return (await list_upload.import_csv(world.engine, ORG, "Spring", file)).list_id


def _source(list_id: str) -> Source:
    send = Send("", ChannelKind.SMS, "noop", "+12025550100")
    return Source(ORG, Audience(AudienceKind.LIST, list_id), send, frozenset())


def _path(person: int) -> str:
    return paths.contact(ORG, contact_id(number(person)))


async def test_a_later_message_says_what_the_list_says_of_them(world: World) -> None:
    """A fallback or a walk has the row's columns and zone; the contact's own values come first."""
    await add_people(world.engine, [{"phone": number(1), "attributes": {"plan": "silver"}}])
    rows = [f"{number(1)},Europe/Paris,gold", f"{number(2)},,gold", f"{number(3)},,"]
    list_id = await _uploaded(world, "\n".join(rows))
    asked = [_path(each) for each in (1, 2, 3)]
    found = await audience.recipients_of(world.engine, _source(list_id), asked)
    assert [list(found[each].zones) for each in asked[:1]] == [["Europe/Paris"]]
    assert [found[each].values.get("plan") for each in asked[:2]] == ["silver", "gold"]
    assert await list_rows.own_rows(world.engine, ORG, list_id, await _contacts(world, 3)) == {}

    await lists.remove(world.engine, ORG, list_id, contact_id(number(1)))
    gone = await audience.recipients_of(world.engine, _source(list_id), asked[:1])
    assert list(gone[asked[0]].zones) == ["America/New_York"]


async def _contacts(world: World, *people: int) -> list[Any]:
    return [each for each in await world.store.get_many([_path(n) for n in people]) if each]


async def test_a_bot_is_told_what_the_list_says_of_whom_it_talks_to(world: World) -> None:
    """Whoever is answered costs a read, and one of a page where their row says more; none else."""
    (plain,) = await add_numbers(world.engine, 2)
    list_id = await _uploaded(world, f"{number(1)},,gold")
    await lists.add(world.engine, ORG, list_id, [plain])
    campaign = await world.create(list_id)
    await world.settle()
    told = {}
    read: dict[int, list[str]] = {}
    for person in (1, 2):
        message = await world.message_to(campaign, number(person))
        asked = read[person] = []

        async def note(operation: Operation, do: Do, asked: list[str] = asked) -> Any:
            asked.extend(operation.paths)
            return await do()

        engine = replace(world.engine, store=WrappedStore(world.store, note))
        told[person] = (await call_answers.call_answer(engine, campaign, message)).about
    assert [told[person].get("plan") for person in (1, 2)] == ["gold", None]
    page = f"{paths.list_(ORG, list_id)}/pages/00000000"
    assert read == {1: [_path(1), page], 2: [_path(2)]}
