"""Which attributes people have: some are read, rare ones are looked for."""

from functions.domain.contacts.contact import Contact, contact_fields
from functions.domain.templates.template import Template
from functions.engine import paths
from functions.engine.ports.store import Create
from functions.engine.templates.known_fields import known_attributes
from tests.clock import NOON
from tests.engine.world import World


async def test_an_attribute_that_few_people_have_is_found(world: World) -> None:
    """It is looked for among all contacts; a name that nobody has is not known."""
    people = [
        Contact(
            id=f"{number:04}",
            phone=f"+1202555{number:04}",
            attributes={"plan": "gold"} if number == 149 else {},
            created_at=NOON,
            updated_at=NOON,
        )
        for number in range(150)
    ]
    for each in people:
        await world.store.commit(Create(paths.contact("acme", each.id), contact_fields(each)))
    asked = [Template.parse("{{ plan }} {plann} {SAVE20}")]
    assert await known_attributes(world.engine, "acme", asked) == {"plan"}
    assert await known_attributes(world.engine, "acme", [Template.parse("{first_name}")]) == set()
