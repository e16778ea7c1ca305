"""Named templates: versions that stay, names of one's own, and trials before anybody is sent to."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.content import InvalidTemplateError
from functions.domain.contacts.contact import Contact, contact_fields
from functions.domain.errors import InvalidFieldError, NameTakenError, NotFoundError, StaleError
from functions.domain.templates.template import Missing
from functions.engine import paths
from functions.engine.campaigns.content import template_checks
from functions.engine.campaigns.content.template_checks import Check, preview
from functions.engine.contacts import segments
from functions.engine.ports.store import Create
from functions.engine.templates import templates
from functions.engine.templates.templates import NamedTemplate, TemplateBody
from tests.clock import NOON
from tests.engine.stored_lists import put_list
from tests.engine.world import ORG, World, number, with_limits
from tests.salted import contact_id

HELLO = TemplateBody(text="Hello {first_name}!")
EVERYONE = Audience(AudienceKind.EVERYONE)


async def create(
    world: World, name: str = "Welcome", wording: TemplateBody = HELLO
) -> NamedTemplate:
    """Save a template."""
    return await templates.create(world.engine, ORG, name, wording, by="ann")


async def replace(
    world: World, made: NamedTemplate, text: str, *, name: str = "Welcome", **more: Any
) -> NamedTemplate:
    """Give a template another text."""
    wording = TemplateBody(text=text)
    return await templates.replace(world.engine, ORG, made.id, name, wording, by="ben", **more)


# --- Versions --------------------------------------------------------------------------------


async def test_every_text_is_a_version_that_stays(world: World) -> None:
    """A new text makes the next version; the old ones still say what they said, and who wrote."""
    made = await create(world)
    for number_ in range(2, 12):
        made = await replace(world, made, f"Hello {number_}")
    assert (made.newest.number, made.newest.wording.text) == (11, "Hello 11")
    assert (made.created_by, made.newest.created_by) == ("ann", "ben")
    first, following = await templates.versions(world.engine, ORG, made.id, after=0, limit=9)
    rest, end = await templates.versions(world.engine, ORG, made.id, after=9, limit=9)
    assert [each.number for each in (*first, *rest)] == list(range(1, 12))
    assert (following, end) == (9, None)
    assert (await templates.load_version(world.engine, ORG, made.id, 1)).wording == HELLO


async def test_the_same_text_again_makes_no_version(world: World) -> None:
    """A change that was sent twice is made once."""
    made = await create(world)
    once = await replace(world, made, "Good day")
    twice = await replace(world, made, "Good day")
    assert once == twice
    assert twice.newest.number == 2


async def test_two_changes_at_once_make_two_versions(world: World) -> None:
    """Nobody's text is lost, and no version is written twice."""
    made = await create(world)
    await asyncio.gather(*(replace(world, made, f"Text {n}") for n in range(5)))
    found, _ = await templates.versions(world.engine, ORG, made.id, after=0, limit=10)
    assert [each.number for each in found] == [1, 2, 3, 4, 5, 6]
    assert {each.wording.text for each in found[1:]} == {f"Text {n}" for n in range(5)}


async def test_a_change_can_insist_on_what_was_seen(world: World) -> None:
    """A change or deletion over another revision than the newest is refused."""
    made = await create(world)
    changed = await replace(world, made, "Good day", if_version=made.revision)
    with pytest.raises(StaleError):
        await replace(world, made, "Good night", if_version=made.revision)
    with pytest.raises(StaleError):
        await templates.delete(world.engine, ORG, made.id, if_version=made.revision)
    await templates.delete(world.engine, ORG, made.id, if_version=changed.revision)


async def test_a_mistake_is_told_by_line_and_column(world: World) -> None:
    """A text that is no template is saved neither as new nor as a version."""
    with pytest.raises(InvalidTemplateError) as caught:
        await create(world, wording=TemplateBody(text="Hello\n{{ first_name | shout }}"))
    (told,) = caught.value.errors
    assert (caught.value.field, told["line"]) == ("text", 2)
    assert await world.documents(paths.templates(ORG)) == []
    made = await create(world)
    with pytest.raises(InvalidTemplateError):
        await replace(world, made, "{% if %}")
    assert (await templates.load(world.engine, ORG, made.id)).newest.number == 1


# --- Names -----------------------------------------------------------------------------------


async def test_a_name_belongs_to_one_template(world: World) -> None:
    """A name that is taken is refused, for a new template and for another name."""
    await create(world, "Welcome")
    other = await create(world, "Goodbye")
    with pytest.raises(NameTakenError):
        await create(world, "Welcome")
    with pytest.raises(NameTakenError):
        await replace(world, other, "Bye", name="Welcome")
    assert (await templates.load(world.engine, ORG, other.id)).newest.number == 1


async def test_another_name_frees_the_old_one(world: World) -> None:
    """A name that was given up can be taken, and a name alone makes no version."""
    made = await create(world, "Welcome")
    renamed = await replace(world, made, HELLO.text, name="Hi")
    assert (renamed.name, renamed.newest.number) == ("Hi", 1)
    assert renamed.revision != made.revision
    await create(world, "Welcome")
    with pytest.raises(NameTakenError):
        await create(world, "Hi")


async def test_a_deleted_template_frees_its_name_and_keeps_its_versions(world: World) -> None:
    """What a campaign was sent from can still be read; the name is free for another."""
    made = await create(world)
    await templates.delete(world.engine, ORG, made.id)
    with pytest.raises(NotFoundError):
        await templates.load(world.engine, ORG, made.id)
    assert (await templates.load_version(world.engine, ORG, made.id, 1)).wording == HELLO
    assert (await create(world)).id != made.id


async def test_a_campaign_s_name_and_a_template_s_do_not_meet(world: World) -> None:
    """A template may be called what a campaign is called."""
    await world.add_list(1)
    await world.create(name="Welcome")
    await create(world, "Welcome")


# --- One person ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wording", "values", "text", "missing"),
    [
        (HELLO, {"first_name": "Ann"}, "Hello Ann!", []),
        (HELLO, {}, "Hello !", ["first_name"]),
        (TemplateBody(text=HELLO.text, missing=Missing.REFUSE), {}, None, ["first_name"]),
        (TemplateBody(text=HELLO.text, missing=Missing.DEFAULT), {}, None, ["first_name"]),
        (
            TemplateBody(text=HELLO.text, missing=Missing.DEFAULT, defaults={"first_name": "you"}),
            {},
            "Hello you!",
            [],
        ),
        (HELLO, {"first_name": "{phone}", "phone": "+1"}, "Hello {phone}!", []),
    ],
)
def test_a_preview_says_what_is_missing(
    wording: TemplateBody, values: Mapping[str, str], text: str | None, missing: list[str]
) -> None:
    """By its policy a lack is blank, filled, or leaves the person out."""
    trial = preview(wording, values)
    assert (trial.texts and trial.texts.body, trial.missing) == (text, missing)


def test_a_text_that_would_never_end_is_cut_off() -> None:
    """A template that would take too much is refused, with the field to blame."""
    endless = "{% for a in (1..99999) %}{% for b in (1..99999) %}x{% endfor %}{% endfor %}"
    with pytest.raises(InvalidFieldError) as caught:
        preview(TemplateBody(text=endless), {})
    assert caught.value.field == "text"


# --- An audience -----------------------------------------------------------------------------


async def add(world: World, *names: str, active: bool = True) -> list[Contact]:
    """Store contacts by their first names, which may be empty."""
    start = len(await world.documents(paths.contacts(ORG)))
    phones = [number(start + index) for index in range(len(names))]
    made = [
        Contact(
            id=contact_id(phone),
            phone=phone,
            first_name=name,
            location="Nairobi",
            active=active,
            created_at=NOON,
            updated_at=NOON,
        )
        for phone, name in zip(phones, names, strict=True)
    ]
    writes = [Create(paths.contact(ORG, each.id), contact_fields(each)) for each in made]
    await world.store.commit(*writes)
    return made


async def check(
    world: World, audience: Audience, wording: TemplateBody = HELLO
) -> tuple[int, bool, dict[str, int]]:
    """Check a template for an audience."""
    done: Check = await template_checks.check(world.engine, ORG, wording, audience)
    return done.checked, done.complete, dict(done.missing)


async def test_everyone_is_checked_who_would_be_contacted(world: World) -> None:
    """Who lacks a field is counted by field; who is inactive or suppressed is not looked at."""
    people = await add(world, "Ann", "", "", "Ben")
    await add(world, "", active=False)
    await world.suppress(people[1].phone)
    assert await check(world, EVERYONE) == (3, True, {"first_name": 1})


async def test_a_segment_is_checked(world: World) -> None:
    """Those whom a segment holds are checked, and no others."""
    await add(world, "Ann", "")
    conditions = {"field": "first_name", "op": "exists", "value": False}
    made = await segments.create(world.engine, ORG, "Nameless", conditions, by="ann")
    audience = Audience(AudienceKind.SEGMENT, made.id)
    assert await check(world, audience) == (1, True, {"first_name": 1})


async def test_a_list_is_checked_with_what_its_contacts_say(world: World) -> None:
    """A list's row and the contact behind it are looked at together."""
    (ann,) = await add(world, "Ann")
    rows = {ann.id: ann.phone, contact_id(number(50)): number(50)}
    found = [{"id": i, "address": n, "region": "US", "zones": []} for i, n in rows.items()]
    await put_list(world.store, ORG, "people", found, now=NOON)
    audience = Audience(AudienceKind.LIST, "people")
    assert await check(world, audience) == (2, True, {"first_name": 1})


async def test_defaults_stand_in_for_what_is_missing(world: World) -> None:
    """Under the policy `default` only a field without one is missing."""
    await add(world, "")
    text = "{first_name} {last_name}"
    wording = TemplateBody(text=text, missing=Missing.DEFAULT, defaults={"first_name": "you"})
    assert await check(world, EVERYONE, wording) == (1, True, {"last_name": 1})


async def test_a_check_stops_when_its_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """An audience that is too large is checked in part, and the answer says so."""
    monkeypatch.setattr(template_checks, "_CHECK_FOR", timedelta())
    async with World(with_limits(launch_page=2)) as world:
        await add(world, *[""] * 10)
        assert await check(world, EVERYONE) == (2, False, {"first_name": 2})


@pytest.mark.parametrize("kind", [AudienceKind.LIST, AudienceKind.SEGMENT])
async def test_nobody_else_s_audience_is_checked(world: World, kind: AudienceKind) -> None:
    """A list or segment that the organisation does not have is not found."""
    with pytest.raises(NotFoundError):
        await check(world, Audience(kind, "theirs"))
