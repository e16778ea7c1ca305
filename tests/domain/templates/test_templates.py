"""Message templates: both syntaxes, missing fields, mistakes, and HTML."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from functions.domain.templates.template import Missing, MissingFieldError, Template, TemplateError

PERSON = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "phone": "+12025550123",
    "location": "London",
    "preferred_product": "Engine",
    "age": "20",
    "visits": 3,
    "vip": True,
    "none": None,
    "items": [{"name": "Pen", "price": 2.5}, {"name": "Ink", "price": 4}],
    "order": {"id": 7, "two words": "yes"},
    "since": date(2026, 1, 31),
}


def render(text: str, values: Mapping[str, Any] = PERSON, *, html: bool = False) -> str:
    """Return what a template prints for somebody."""
    return Template.parse(text, html=html).render(values)


# --- Both syntaxes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("", ""),
        ("Hi {first_name} {last_name}!", "Hi Ada Lovelace!"),
        ("{phone} {location} {prefered_product}", "+12025550123 London Engine"),
        ("{preferred_product}", "Engine"),
        ("{First_Name} {age}", "{First_Name} {age}"),
        ("{} { first_name } {  email }", "{} Ada "),
        ("{ {first_name} }", "{ Ada }"),
        ("a { color: red } b", "a { color: red } b"),
        ("Hi {{ first_name }} and {first_name}", "Hi Ada and Ada"),
        ('{{ first_name | default: "there" }}', "Ada"),
        ("{{ nobody | default: 'there' }}|{{none|default:'x'}}", "there|x"),
        ("{{ visits }} {{ vip }} {{ none }} {{ since }}", "3 true  2026-01-31"),
        ("{{ order.id }} {{ order['two words'] }} {{ items[1].name }}", "7 yes Ink"),
        ("{{ items.size }} {{ items.first.name }} {{ first_name.size }}", "2 Pen 3"),
        ("a {{- first_name -}} b", "aAdab"),
        ("{% if vip %}VIP{% elsif age %}old{% else %}new{% endif %}", "VIP"),
        ("{% unless vip %}a{% else %}b{% endunless %}", "b"),
        ("{% case visits %}{% when 1, 2 %}few{% when 3 %}three{% endcase %}", "three"),
        ("{% case visits %}{% when 1 %}one{% else %}many{% endcase %}", "many"),
        (
            "{% for i in items %}{{ i.name }}{% unless forloop.last %}+{% endunless %}{% endfor %}",
            "Pen+Ink",
        ),
        ("{% for i in items reversed limit: 1 %}{{ i.name }}{% endfor %}", "Pen"),
        ("{% for i in nobody %}x{% else %}none{% endfor %}", "none"),
        (
            "{% for i in items %}{{ i.name }}{% if vip %}{% break %}{% endif %}{% endfor %}",
            "Pen",
        ),
        ("{% assign n = visits | times: 2 %}{{ n | plus: 1 }}", "7"),
        ("{% capture who %}{first_name} L{% endcapture %}{{ who | upcase }}", "ADA L"),
        ("{% comment %} {{ {% endcomment %}a", "a"),
        ("{% raw %}{{ x }}{first_name}{% endraw %}", "{{ x }}{first_name}"),
        ("a {%- raw -%} b {%- endraw -%} c", "abc"),
        ("{{ 'a,b' | split: ',' | join: '-' }}", "a-b"),
        ("{{ since | date: '%-d %B %Y' }}", "31 January 2026"),
        ("{{ first_name | date: '%d' }}", "Ada"),
        ("{{ 'Ada Lovelace' | replace: 'a', 'o' | truncatewords: 1 }}", "Ado..."),
        ("{{ first_name | append: '&' | url_encode }}", "Ada%26"),
    ],
)
def test_a_template_prints(text: str, printed: str) -> None:
    """Liquid and the five placeholders work in one text; everything else stays as it stands."""
    assert render(text) == printed


@pytest.mark.parametrize(
    "value", ["{phone}", "{{ phone }}", "{{{phone}}}", "{% raw %}", "{last_name"]
)
@pytest.mark.parametrize(
    "text", ["{first_name}}", "{{ first_name }}{phone}", "{{ first_name | strip }}"]
)
def test_a_name_that_looks_like_a_template_is_a_name(value: str, text: str) -> None:
    """A first name of "{phone}" is printed, not expanded."""
    printed = render(text, {"first_name": value, "phone": "+1"})
    assert printed.startswith(value)
    assert printed.removeprefix(value) in {"", "}", "+1"}


def test_texts_compare_with_numbers_as_numbers() -> None:
    """A field that came from a file as "20" is more than 3; a name is neither more nor less."""
    assert render("{% if age > 3 and 100 >= age %}yes{% endif %}") == "yes"
    assert render("{% if first_name > 3 or first_name <= 3 %}yes{% else %}no{% endif %}") == "no"
    assert render("{% unless visits contains 3 or first_name < vip %}odd{% endunless %}") == "odd"


def test_a_filter_that_does_not_fit_the_value_prints_nothing() -> None:
    """Whoever has a strange value gets a message without it, and `default` stands in for it."""
    assert render("{{ visits | divided_by: nobody | default: '?' }}") == "?"
    assert render("[{{ 'x' | slice: first_name }}]") == "[]"


@pytest.mark.parametrize(
    "text",
    [
        "{{ first_name.__class__ }}",
        "{{ first_name.upper }}",
        "{{ first_name['__class__'] }}",
        "{{ since.year }}{{ items.__len__ }}{{ items.append }}",
        "{{ nobody.__class__.__mro__ }}",
        "{{ order.items }}{{ order.keys }}",
        "{% for i in items %}{{ forloop.__class__ }}{{ forloop.it }}{{ forloop }}{% endfor %}",
        "{{ now }}{{ today }}{{ template }}{{ partial }}{{ empty }}{{ order }}",
    ],
)
def test_there_is_nothing_but_the_fields(text: str) -> None:
    """No attribute of an object, no clock, and no spelling of Python's can be printed."""
    assert render(text) == ""


def test_objects_become_their_text() -> None:
    """A value that is no plain data is printed as text: nothing of ours can be reached."""
    at = datetime(2026, 3, 2, 15, tzinfo=UTC)
    assert render("{{ at }} {{ at.tzinfo }}", {"at": at}) == "2026-03-02T15:00:00+00:00 "


# --- Missing fields --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fields", "missing"),
    [
        ("Hi {first_name}", {"first_name"}, ["first_name"]),
        ("{prefered_product}{{ preferred_product }}", {"preferred_product"}, ["preferred_product"]),
        ("{{ b }} {{ a }}", {"a", "b"}, ["a", "b"]),
        ("{{ a | default: 'x' }}", {"a"}, []),
        ("{{ a | default: '' }}", {"a"}, []),
        ("{{ a | default: 'x' }}{{ a }}", {"a"}, ["a"]),
        ("{{ a | upcase | default: 'x' }}", {"a"}, []),
        ("{{ a | append: '!' | default: 'x' }}", {"a"}, ["a"]),
        ("{{ 'x' | append: a }}", {"a"}, ["a"]),
        ("{{ a | default: b }}", {"a", "b"}, ["a", "b"]),
        ("{{ a | default: phone }}", {"a", "phone"}, []),
        ("{{ a | default: b | default: 'x' }}", {"a", "b"}, []),
        ("{{ order.total }}", {"order"}, ["order"]),
        ("{% if a %}{{ a }}{% else %}you{% endif %}", {"a"}, []),
        ("{% if b %}{% elsif a %}{{ a }}{% endif %}", {"a", "b"}, []),
        ("{% if b %}{{ a }}{% endif %}", {"a", "b"}, ["a"]),
        ("{% case a %}{% when b %}{{ a }}{{ b }}{% endcase %}", {"a", "b"}, []),
        ("{% for i in a %}{{ i }}{{ forloop.index }}{{ b }}{% endfor %}", {"a", "b"}, ["b"]),
        ("{% assign a = b | default: 'x' %}{{ a }}", {"b"}, []),
        ("{{ a }}{% assign a = b %}{{ a }}", {"a", "b"}, ["a", "b"]),
        ("{% capture a %}{{ b }}{% endcapture %}{{ a }}", {"b"}, ["b"]),
        ("{% raw %}{{ a }}{% endraw %}{% comment %}{{ b }}{% endcomment %}", set(), []),
    ],
)
def test_a_template_tells_what_it_needs(text: str, fields: set[str], missing: list[str]) -> None:
    """`fields` names all that is used, `missing` what nothing stands in for."""
    template = Template.parse(text)
    assert template.fields == fields
    assert template.missing({"phone": "+1", "a": None, "b": ""}) == missing
    assert template.missing({"phone": "+1"}) == missing
    assert template.missing(dict.fromkeys(fields, "x")) == []


@pytest.mark.parametrize("value", [{}, {"first_name": None}, {"first_name": ""}])
def test_a_missing_field_follows_the_policy(value: Mapping[str, Any]) -> None:
    """A field without a value is blank, has its default, or refuses the person."""
    template = Template.parse("Hi {first_name}!")
    assert template.render(value) == "Hi !"
    defaults = {"first_name": "friend"}
    assert template.render(value, missing=Missing.DEFAULT, defaults=defaults) == "Hi friend!"
    with pytest.raises(MissingFieldError, match=r"no first_name\.") as refused:
        template.render(value, missing=Missing.REFUSE, defaults=defaults)
    assert refused.value.fields == ("first_name",)
    with pytest.raises(MissingFieldError):
        template.render(value, missing=Missing.DEFAULT)


@pytest.mark.parametrize("missing", Missing)
def test_a_guarded_field_may_be_missing(missing: Missing) -> None:
    """Where the filter `default` stands, no policy refuses the person; 0 and false are values."""
    guarded = Template.parse('Hi {{ first_name | default: "there" }}')
    assert guarded.render({}, missing=missing) == "Hi there"
    assert Template.parse("{{ a }}").render({"a": 0}, missing=missing) == "0"
    assert Template.parse("{{ a }}").render({"a": False}, missing=missing) == "false"


def test_a_default_is_as_if_it_were_the_persons() -> None:
    """A template's default is seen by its conditions and filters too."""
    template = Template.parse("{% if a %}{{ a | upcase }}{% endif %}{{ a | default: 'there' }}")
    printed = template.render({"a": ""}, missing=Missing.DEFAULT, defaults={"a": "x", "b": "y"})
    assert printed == "Xx"


def test_the_person_is_left_alone() -> None:
    """Rendering changes neither the values nor the template."""
    template = Template.parse("{% assign first_name = 'x' %}{{ first_name }}{{ n }}")
    person = {"n": None}
    for _ in range(2):
        assert template.render(person, missing=Missing.DEFAULT, defaults={"n": "1"}) == "x1"
    assert person == {"n": None}


# --- Mistakes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"),
    [
        ("Hi {{ first_name", 1, 4, "no '}}'"),
        ("Hi\n{{ first_name }", 2, 1, "no '}}'"),
        ("{% if a", 1, 1, "no '%}'"),
        ("{{ }}", 1, 1, "nothing between"),
        ("{{{first_name}}}", 1, 3, "'{' cannot stand here"),
        ("{{ a b }}", 1, 6, "expected end of expression, found a name"),
        ("{{ a | }}", 1, 7, "expected a name"),
        ("{{ | upcase }}", 1, 4, "expected a field or a value"),
        ("{{ a | default 'x' }}", 1, 16, "expected end of expression"),
        ("{{ a | default: 'x }}", 1, 17, "not closed"),
        ("{{ a ~ b }}", 1, 6, "unexpected '~'"),
        ("a\n\n  {{ a | nope }}", 3, 10, "no filter 'nope'"),
        ("{{ a | raw }}", 1, 8, "no filter 'raw'"),
        ("{{ a | safe }}", 1, 8, "no filter 'safe'"),
        ("{{ a | upcase: 1 }}", 1, 8, "'upcase' cannot be applied like this"),
        ("{{ a | replace }}", 1, 8, "'replace' cannot be applied like this"),
        ("{{ a | default: 'x', nope: 1 }}", 1, 8, "'default' cannot be applied like this"),
        ("{{ a | divided_by: 0 }}", 1, 8, "divide by 0"),
        ("{{ a | times: 9999999999999999999 }}", 1, 8, "a number lies beyond"),
        ("{{ a | truncate: 'x' }}", 1, 8, "expected an integer"),
        ("{{ a | date: '%9999999d' }}", 1, 8, "does not know"),
        ("{{ [a] }}", 1, 4, "brackets can only hold"),
        ("{{ a[b] }}", 1, 5, "brackets can only hold"),
        ("{% if a and (b or c) %}{% endif %}", 1, 13, "parentheses are not supported"),
        ("{% for i in (1..3) %}{% endfor %}", 1, 13, "ranges and parentheses"),
        ("{% for i of a %}{% endfor %}", 1, 10, "expected in"),
        ("{% for i in a limit: b %}{% endfor %}", 1, 22, "a number above 0"),
        ("{% for i in a offset: -1 %}{% endfor %}", 1, 23, "a number above 0"),
        ("{% for i in a offset: continue %}{% endfor %}", 1, 23, "a number above 0"),
        ("{% for i in a cols: 2 %}{% endfor %}", 1, 21, "'for' takes"),
        ("{% if %}{% endif %}", 1, 4, "something must follow 'if'"),
        ("{% if a %}\nx", 1, 4, "'if' has no 'endif'"),
        ("{% if a == %}x{% endif %}", 1, 11, "expected a field or a value"),
        ("{% if a %}{% elsif b == %}{% endif %}", 1, 24, "expected a field or a value"),
        ("{% if a %}{% else if b %}{% endif %}", 1, 19, "'elsif' takes a condition"),
        ("{% if a %}{% else %}{% else %}{% endif %}", 1, 24, "follows an 'else'"),
        ("{% else %}", 1, 4, "does not belong here"),
        ("{% endif %}", 1, 4, "no 'if' to end"),
        ("{% if a %}{% endfor %}", 1, 14, "no 'for' to end"),
        ("{% case a %}{% when 1 2 %}{% endcase %}", 1, 23, "unexpected token integer"),
        ("{% case a %}x{{ b }}{% assign c = 1 %}{% endcase %}", 1, 24, "unexpected tag 'assign'"),
        ("{% assign a %}", 1, 12, "expected '='"),
        ("{% assign a.b = 1 %}", 1, 11, "expected an identifier"),
        ("{% break %}", 1, 4, "outside any 'for'"),
        ("{% comment %}", 1, 4, "no 'endcomment'"),
        ("{% raw %}", 1, 4, "no 'endraw'"),
        ("{% %}", 1, 4, "no tag ''"),
        ("x" * 10_001, 1, 10_001, "longer than 10,000"),
        ("x{first_name}" * 301, 1, 3902, "more than 300"),
        ("{{ a" + " " * 200 + "}}", 1, 1, "within the next 200"),
        (("{{ a" + " " * 195 + " }}") * 41, 1, 8081, "more than 8,000"),
        ("{% if a %}" * 11, 1, 104, "more than 10 deep"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, line: int, column: int, problem: str) -> None:
    """A mistake is refused when the template is read, with line, column and a sentence."""
    with pytest.raises(TemplateError) as refused:
        Template.parse(text)
    assert problem in refused.value.problem
    assert (refused.value.line, refused.value.column) == (line, column)
    assert str(refused.value) == f"Line {line}, column {column}: {refused.value.problem}."


@pytest.mark.parametrize(
    "name",
    [
        "include",
        "render",
        "extends",
        "block",
        "layout",
        "liquid",
        "echo",
        "tablerow",
        "cycle",
        "increment",
        "doc",
    ],
)
def test_no_other_tag_exists(name: str) -> None:
    """Tags that load other templates, and those that nobody asked for, are refused by name."""
    with pytest.raises(TemplateError, match=f"there is no tag '{name}'; there are assign, if"):
        Template.parse(f"a {{% {name} 'other' %}}")


# --- HTML ------------------------------------------------------------------------------------

EVIL = "<script>&\"'"
SAFE = "&lt;script&gt;&amp;&quot;&#x27;"


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("<p>{first_name}</p>", f"<p>{SAFE}</p>"),
        ("<p>{{ first_name }}</p>", f"<p>{SAFE}</p>"),
        ("{{ first_name | default: 'x' }}", SAFE),
        ("{{ none | default: '<i>' }}", "&lt;i&gt;"),
        ("{{ '<i>' }}{% raw %}<b>{% endraw %}", "<i><b>"),
        ("{{ first_name | escape }}", SAFE),
        ("{{ first_name | escape | strip }}", SAFE.replace("&", "&amp;")),
        ("{{ first_name | newline_to_br }}", SAFE),
        ("{{ lines | newline_to_br }}", "&lt;<br />\n&gt;"),
        ("{{ '<b>' | append: first_name }}", "&lt;b&gt;" + SAFE),
        ("{% capture x %}<b>{{ first_name }}</b>{% endcapture %}{{ x }}", f"<b>{SAFE}</b>"),
        ("{% for i in list %}{{ i }}{% endfor %}{{ list }}", SAFE * 2),
        ("{% assign x = first_name %}{{ x }}{{ list | join }}", SAFE * 2),
    ],
)
def test_values_are_escaped_in_html(text: str, printed: str) -> None:
    """In an HTML template values are escaped, whatever way they take; its own text is not."""
    values = {"first_name": EVIL, "list": [EVIL], "lines": "<\r\n>"}
    assert render(text, values, html=True) == printed


@pytest.mark.parametrize(
    "filters",
    [
        "replace: '&lt;', '<' | replace: '&gt;', '>'",
        "replace: '&', '<' | replace: 'lt;', ''",
        "split: '' | join: ''",
        "slice: 0, 99",
        "append: '' | prepend: ''",
        "escape | replace: '&lt;', '<'",
        "newline_to_br | replace: '&lt;', '<'",
        "default: '<script>'",
    ],
)
def test_no_filter_undoes_the_escaping(filters: str) -> None:
    """What has been escaped and captured cannot be turned back into markup."""
    text = "{% capture x %}{{ first_name }}{% endcapture %}{{ x | " + filters + " }}"
    printed = render(text, {"first_name": EVIL}, html=True)
    assert "<" not in printed
    assert ">" not in printed


def test_values_of_plain_templates_are_not_escaped() -> None:
    """A text message says what the value says."""
    assert render("{first_name} {{ first_name }}", {"first_name": EVIL}) == f"{EVIL} {EVIL}"
