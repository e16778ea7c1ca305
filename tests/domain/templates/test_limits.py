"""Templates as an attacker writes them: refused when read, or cut off when rendered.

How long the worst of them take is a figure of `make bench`.
"""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from cProfile import Profile

import pytest

from functions.domain.templates.template import Template, TemplateError, TemplateLimitError
from tests.domain.templates.hostile import HOSTILE, ITEM, LARGEST, PERSON, VALUES

#: The largest template that is allowed takes 300,000.
MOST_CALLS = 500_000
MOST_BYTES = 6_000_000


@contextmanager
def little_work() -> Iterator[None]:
    """Bound the calls that are made and the memory that is taken within a `with`."""
    Template.parse("{{ a | upcase }}")  # loads python-liquid, once and for all templates
    tracemalloc.start()
    try:
        with Profile() as profile:
            yield
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(entry.callcount for entry in profile.getstats()) < MOST_CALLS
    assert taken < MOST_BYTES


@pytest.mark.parametrize("html", [False, True])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_is_refused_or_cut_off(name: str, *, html: bool) -> None:
    """A hostile text is refused or cut off, before it has taken much work or memory."""
    with little_work(), pytest.raises((TemplateError, TemplateLimitError)):
        Template.parse(HOSTILE[name], html=html).render(VALUES)


@pytest.mark.parametrize("text", LARGEST)
def test_the_largest_allowed_templates_take_no_more(text: str) -> None:
    """What the limits let pass is read and printed within the same bounds."""
    with little_work():
        Template.parse(text).render(PERSON)


def test_a_long_mail_is_no_attack() -> None:
    """A mail of 90 kB with a hundred fields and a loop over fifty items is printed."""
    row = "{% for i in many %}<li>{{ i.name }} {{ i.price }}</li>{% endfor %}"
    fields = '{{ first_name | default: "there" }} {last_name}' * 50
    text = f"<style>{'p { color: red }' * 5000}</style>{fields}{row}"
    printed = Template.parse(text, html=True).render({**PERSON, "many": [ITEM] * 50})
    assert printed.count("<li>") == 50
