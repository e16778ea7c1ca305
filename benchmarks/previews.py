"""Figure 6: filling in a template for one person, against the same text written by hand."""

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from benchmarks import served
from benchmarks.report import Row
from benchmarks.rig import INDEXES, ORG, engine_on
from functions.domain.kinds import ChannelKind
from functions.domain.templates.template import Template
from functions.engine.campaigns import drafts
from functions.engine.campaigns.drafts import Draft
from functions.engine.contacts import contacts
from functions.stores.sqlite.store import SqliteStore

_PEOPLE, _ROUNDS = 20_000, 9

Values: TypeAlias = Mapping[str, str]
Fill: TypeAlias = Callable[[Values], str]


class _Text(NamedTuple):
    """A template, and a function that writes the same text."""

    name: str
    template: str
    by_hand: Fill


def _plain(of: Values) -> str:
    return f"Hello {of['first_name']} {of['last_name']}, see you in {of['location']}!"


def _default(of: Values) -> str:
    return f"Hello {of['first_name'] or 'there'}, your {of['preferred_product']} is ready."


def _condition(of: Values) -> str:
    where = f" in {of['location'].upper()}" if of["location"] else ""
    return f"Hello {of['first_name']}, see you{where}!"


_TEXTS = (
    _Text("placeholders", "Hello {first_name} {last_name}, see you in {location}!", _plain),
    _Text(
        "Liquid with a default",
        'Hello {{ first_name | default: "there" }}, your {{ preferred_product }} is ready.',
        _default,
    ),
    _Text(
        "Liquid with a condition",
        "Hello {{ first_name }}, see you"
        "{% if location != blank %} in {{ location | upcase }}{% endif %}!",
        _condition,
    ),
)


async def measure() -> list[Row]:
    """Measure filling in alone, then the request that does it for one person."""
    return [*map(_fills, _TEXTS), await _requests()]


def _fills(text: _Text) -> Row:
    people = [_values(number) for number in range(_PEOPLE)]
    ours = Template.parse(text.template).render
    assert [*map(ours, people)] == [*map(text.by_hand, people)]
    samples = [(_rate(ours, people), _rate(text.by_hand, people)) for _ in range(_ROUNDS)]
    mine, theirs = map(statistics.median, zip(*samples, strict=True))
    ratio = statistics.median(a / b for a, b in samples)
    name = f"fills a second, {text.name}"
    return Row(name, f"{mine:,.0f}/s", f"an f-string {theirs:,.0f}/s", ratio, "told")


def _values(number: int) -> Values:
    """Return a person; one in ten has neither a first name nor a location."""
    return {
        "first_name": f"Person {number}" if number % 10 else "",
        "last_name": "Sol",
        "location": "New York" if number % 10 else "",
        "preferred_product": "tea",
    }


def _rate(fill: Fill, people: list[Values]) -> float:
    start = time.perf_counter()
    for person in people:
        fill(person)
    return len(people) / (time.perf_counter() - start)


# --- The request -----------------------------------------------------------------------------


async def _requests() -> Row:
    with tempfile.TemporaryDirectory() as folder:
        campaign, person = await _stored(f"{folder}/bench.db")
        path, body = f"/campaigns/{campaign}/personalized-preview", {"customer_id": person}
        async with served.bare() as bare, served.ours("api", folder) as ours:
            name = "POST /campaigns/{id}/personalized-preview"
            preview = served.request("POST", path, body)
            return await served.compare(
                ours, served.Against(bare), name, lambda _: preview, goal="told"
            )


async def _stored(path: str) -> tuple[str, str]:
    """Store a draft and a contact; return their ids."""
    store = SqliteStore(path, INDEXES)
    engine = engine_on(store)
    draft = Draft(channel=ChannelKind.SMS, template=_TEXTS[1].template)
    campaign = await drafts.create(engine, ORG, draft, scheduled_at=None, by="bench")
    found = await contacts.create(engine, ORG, {"email": "ana@example.com", **_values(1)})
    await store.close()
    return campaign.id, found.value.id
