"""Message templates hold for any text and any value."""

import contextlib
from collections.abc import Mapping
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from functions.domain.templates.template import (
    Missing,
    MissingFieldError,
    Template,
    TemplateError,
    TemplateLimitError,
)

WORDS = st.sampled_from(
    [
        "{{",
        "}}",
        "{%",
        "%}",
        "{",
        "}",
        "-",
        " ",
        "\n",
        "|",
        ":",
        ",",
        "'",
        '"',
        ".",
        "[",
        "]",
        "(",
        "..",
        "==",
        ">",
        "=",
        "and",
        "contains",
        "if",
        "endif",
        "else",
        "elsif",
        "unless",
        "case",
        "when",
        "endcase",
        "for",
        "in",
        "i",
        "endfor",
        "limit",
        "reversed",
        "break",
        "assign",
        "capture",
        "endcapture",
        "raw",
        "endraw",
        "comment",
        "endcomment",
        "default",
        "upcase",
        "split",
        "times",
        "date",
        "join",
        "size",
        "first_name",
        "{first_name}",
        "{phone}",
        "items",
        "forloop",
        "empty",
        "nil",
        "1",
        "0",
        "-2",
        "3.5",
        "ж",
        "\ud800",
        "x",
    ]
)
OPERANDS = st.sampled_from(
    [
        "first_name",
        "items",
        "o.x",
        "items[0]",
        "i",
        "forloop.index",
        "forloop",
        "nil",
        "empty",
        "true",
        "2",
        "-1.5",
        "'x,y'",
        "''",
        "a.size",
        "b",
        "o",
    ]
)
FILTERS = st.sampled_from(
    [
        "upcase",
        "default: b",
        "append: a",
        "split: ','",
        "join: a",
        "times: b",
        "divided_by: a",
        "slice: b, 2",
        "truncate: 3",
        "date: a",
        "replace: a, b",
        "size",
        "round: b",
        "escape",
        "modulo: b",
        "at_most: a",
        "truncatewords: b",
        "remove: a",
        "prepend: items",
        "squish",
        "newline_to_br",
        "url_encode",
        "first_name",
        "abs",
        "ceil",
    ]
)
EXPRESSIONS = st.builds(
    lambda left, filters: " | ".join([left, *filters]), OPERANDS, st.lists(FILTERS, max_size=3)
)
CONDITIONS = st.builds(
    lambda a, op, b: f"{a} {op} {b}",
    OPERANDS,
    st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "contains", "and", "or"]),
    OPERANDS,
)
LEAVES = st.one_of(
    st.text(max_size=5),
    st.sampled_from(["{first_name}", "{phone}"]),
    EXPRESSIONS.map(lambda e: "{{ " + e + " }}"),
    EXPRESSIONS.map(lambda e: "{% assign a = " + e + " %}"),
)
BLOCKS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, CONDITIONS, inner, inner),
        st.builds("{{% unless {} %}}{}{{% endunless %}}".format, CONDITIONS, inner),
        st.builds("{{% for i in {} %}}{}{{% endfor %}}".format, OPERANDS, inner),
        st.builds(
            "{{% case {} %}}{{% when {} %}}{}{{% endcase %}}".format, OPERANDS, OPERANDS, inner
        ),
        st.builds("{{% capture b %}}{}{{% endcapture %}}".format, inner),
        st.builds("{}{}".format, inner, inner),
    ),
    max_leaves=8,
)
TEMPLATES = st.text(max_size=40) | st.lists(WORDS, max_size=25).map(" ".join) | BLOCKS
VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.datetimes()
    | st.sampled_from(["{phone}", "{{ phone }}", "nan", "1e400", "\ud800", b"x"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(["first_name", "phone", "items", "a", "b", "o", "i"])
PEOPLE = st.dictionaries(NAMES, VALUE, max_size=7)


@given(TEMPLATES, PEOPLE, st.sampled_from(Missing), st.booleans())
@example("{{ a | append: b }}", {"a": 10**4000}, Missing.BLANK, False)
@example("{% if b contains b %}{% endif %}", {"b": {}}, Missing.BLANK, False)
def test_any_text_is_refused_or_rendered(
    text: str, values: dict[str, Any], missing: Missing, html: bool
) -> None:
    """Any text parses or is a TemplateError; what parses prints, lacks fields, or is cut off."""
    try:
        template = Template.parse(text, html=html)
    except TemplateError:
        return
    with contextlib.suppress(MissingFieldError, TemplateLimitError):
        template.render(values, missing=missing, defaults={"a": "x"})


@given(PEOPLE)
def test_no_value_is_ever_expanded(values: dict[str, Any]) -> None:
    """What looks like a template in a value is printed as it stands, by both syntaxes."""
    named = {**values, "phone": "{first_name}{{ first_name }}"}
    for tail in ("", "{% if true %}{% endif %}"):
        template = Template.parse("{phone}|{{ phone }}" + tail)
        assert template.render(named) == f"{named['phone']}|{named['phone']}"


@given(
    st.lists(
        st.text(st.characters(exclude_characters="{"), max_size=5)
        | st.sampled_from(
            ["{first_name}", "{{ a }}", "{{b|default:'<x>'}}", '{{ i | default: "" }}', "{x}"]
        )
    ).map("".join),
    PEOPLE,
    st.booleans(),
)
def test_simple_templates_print_what_liquid_prints(
    text: str, values: dict[str, Any], html: bool
) -> None:
    """The quick way for plain fields and Liquid's own print the same and need the same."""
    simple = Template.parse(text, html=html)
    full = Template.parse(text + "{% if true %}{% endif %}", html=html)
    assert simple.fields == full.fields
    assert simple.missing(values) == full.missing(values)
    assert attempt(simple, values) == attempt(full, values)


def attempt(template: Template, values: Mapping[str, Any]) -> str | None:
    """Return what a template prints, None where it is cut off."""
    try:
        return template.render(values)
    except TemplateLimitError:
        return None


@given(st.text(max_size=20))
def test_escaped_values_hold_no_markup(value: str) -> None:
    """Whatever a value is, an HTML template prints no markup for it."""
    for text in ("{first_name}", "{{ first_name | strip }}", "{{ x | default: first_name }}"):
        assert not set(Template.parse(text, html=True).render({"first_name": value})) & set("<>\"'")
