"""Words that look like fields: which are told, and with what is meant."""

import pytest

from functions.domain.templates.template import Template
from functions.domain.templates.words import doubts, spelled

KNOWN = ("plan", "Loyalty tier")


def told(text: str, *, html: bool = False) -> list[tuple[str, str]]:
    """Return the doubtful words of a text, each with what is meant."""
    found = doubts(Template.parse(text, html=html), KNOWN)
    return [(each.word, each.meant) for each in found]


@pytest.mark.parametrize(
    "written",
    [
        "{first_nane}",
        "{First_Name}",
        "{FirstName}",
        "{first name}",
        "{first-name}",
        "{FIRST_NAME}",
        "{fname}",
        "｛first_name｝",  # noqa: RUF001 (full-width)
        "{first_name|there}",
        "{first_name | default: 'there'}",
        "{first_name, fallback=there}",
        "{first_name:there}",
        "[first_name]",
        "[[first_name]]",
        "%first_name%",
        "%%FIRST_NAME%%",
        "*|FIRST_NAME|*",
        "<<first name>>",
    ],
)
def test_a_word_near_a_field_is_told_with_the_field(written: str) -> None:
    """Whatever the case, the width, the spelling, and the product that it was copied from."""
    assert told(f"Hi {written}!") == [(written, "first_name")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{plan}", "plan"),
        ("{Plan}", "plan"),
        ("{loyalty_tier}", "Loyalty tier"),
        ("{e-mail}", "email"),
        ("{unsubscribe}", "unsubscribe_url"),
        ("{company}", ""),
        ("{Company}", ""),
        ("{couponCode}", ""),
        ("{имя}", ""),
        ("{姓名}", ""),
    ],
)
def test_a_word_in_braces_is_told(written: str, meant: str) -> None:
    """An attribute that people have, and a word that nobody has."""
    assert told(written) == [(written, meant)]


@pytest.mark.parametrize(
    ("text", "word", "meant"),
    [
        ("{{ plann }}", "plann", "plan"),
        ("{{ FirstName }}", "FirstName", "first_name"),
        ("{% if plann %}x{% endif %}", "plann", "plan"),
        ('{{ town | default: "x" }}', "town", "location"),
        ("{{ customer.first_name }}", "customer", ""),
        ("{{ company }}", "company", ""),
    ],
)
def test_a_field_that_nobody_has_is_told(text: str, word: str, meant: str) -> None:
    """In tags and filters too."""
    assert told(text) == [(word, meant)]


@pytest.mark.parametrize(
    "text",
    [
        "Use {SAVE20} or {SAVE} {save20} {20OFF} today",
        '{"a": 1, "first_nane": {"b": [1, 2]}}',
        "p { color: red } a{margin:0;padding:0}",
        "{} {1} {0} {x} {a, b} { } {en-US} {yes/no} {two words}",
        "50% of 10% [link](https://a.example) [1] [see below] a_b",
        "{first_name} { phone } {firstname} {lastname} {prefered_product} {email}",
        "{{ firstname }} {{ plan }} {{ ['Loyalty tier'] }} {{ unsubscribe_url }}",
        "{% raw %}{first_nane} {plan}{% endraw %}",
        "{% assign who = first_name %}{{ who }}{% for x in plan %}{{ x }}{% endfor %}",
    ],
)
def test_what_is_meant_so_is_not_told(text: str) -> None:
    """Codes, CSS, JSON, prose, links, fields that there are, and what is said to be raw."""
    assert told(text) == []


def test_in_html_only_what_is_shown_is_told() -> None:
    """Styles, scripts and comments hold braces of their own; tags may stand in a word."""
    text = (
        "<style>p{color} .a { font } </style><script>f({first_nane})</script><!-- {plann} -->"
        "<p style='x: {plann}'>{first_<b>nane</b>}<a href='https://a.example/{plann}'>a</a></p>"
    )
    assert told(text, html=True) == [("{plann}", "plan"), ("{first_nane}", "first_name")]


def test_what_is_meant_is_spelled_as_templates_take_it() -> None:
    """Single braces for the fields of contacts, double ones for attributes."""
    names = ("first_name", "unsubscribe_url", "plan", "Loyalty tier")
    assert list(map(spelled, names)) == [
        "{first_name}",
        "{unsubscribe_url}",
        "{{ plan }}",
        '{{ ["Loyalty tier"] }}',
    ]


def test_aliases_are_fields_in_both_spellings() -> None:
    """In conditions too; what is lacking is told by our names."""
    text = "{firstname} {{ firstname }} {% if lastname %}{{ lastname | upcase }}{% endif %}"
    template = Template.parse(text)
    assert template.render({"first_name": "Ann", "last_name": "Lee"}) == "Ann Ann LEE"
    assert template.fields == {"first_name", "last_name"}
    assert template.missing({}) == ["first_name"]
    assert Template.parse("{{ firstname }}").missing({}) == ["first_name"]


@pytest.mark.parametrize(
    "text",
    [
        "{unsubscribe_url}",
        "{ unsubscribe_url }",
        "{{ unsubscribe_url }}",
        "{{unsubscribe_url}}",
        "{{ unsubscribe_url | strip }}",
        "{% if unsubscribe_url %}{{ unsubscribe_url }}{% endif %}",
    ],
)
def test_a_link_mark_is_no_field_that_anybody_could_lack(text: str) -> None:
    """It stands in the text until the mail is written, in either spelling."""
    for html in (False, True):
        template = Template.parse(text, html=html)
        assert template.render({}) == "{unsubscribe_url}"
        assert (template.missing({}), template.fields) == ([], frozenset())
