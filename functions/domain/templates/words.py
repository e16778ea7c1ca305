"""Words that look like fields and are none: printed as they stand, or empty for everybody.

A text may hold braces of its own: CSS, JSON and a code such as {SAVE20} are left alone.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from itertools import islice
from typing import Final, NamedTuple
from unicodedata import normalize

from functions.domain.templates.fields import (
    ALIASES,
    LINK_MARKS,
    TEMPLATE_FIELDS,
    UNSUBSCRIBE_LINK,
)
from functions.domain.templates.scanner import Text, scan
from functions.domain.templates.template import Template

_MOST_NAMED: Final = 10  #: doubts told of one text
_MOST_READ: Final = 100  #: words of one text that are looked at
_MOST_COMPARED: Final = 200  #: attributes whose names may come close to a word

#: What HTML does not show begins like this, and ends like that.
_HIDDEN: Final = re.compile(r"<style\b|<script\b|<!--", re.IGNORECASE)
_ENDS: Final = {"<style": "</style", "<script": "</script", "<!--": "-->"}
_STYLE: Final = re.compile(r"\bstyle\s*=\s*(?:\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_ELEMENT: Final = re.compile(r"</?[a-zA-Z][^<>]{0,2000}>")
_BRACES: Final = re.compile(
    r"\{([^{}<>\n]{1,80})\}|｛([^｛｝\n]{1,80})｝"  # noqa: RUF001 (full-width)
)
#: How other products write a field.
_FOREIGN: Final = re.compile(
    r"\[\[?([\w .-]{2,40})\]\]?(?!\()|%%?([A-Za-z_][\w-]{1,39})%%?|\*\|([\w -]{2,40})\|\*"
    r"|<<([\w .-]{2,40})>>"
)
_HEAD: Final = re.compile(r"\s*(\w[\w .-]*?)\s*(?:([|,:?]).*)?", re.DOTALL)
_IDENTIFIER: Final = re.compile(r"[^\W\d]\w+")
_PLAIN_FIELD: Final = re.compile(r"[A-Za-z_]\w*")

#: How other products call what we have.
_SYNONYMS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("name", "fname", "forename", "givenname", "fullname", "customername"), "first_name"
    ),
    **dict.fromkeys(("lname", "surname", "familyname"), "last_name"),
    **dict.fromkeys(("mobile", "telephone", "phonenumber", "mobilenumber"), "phone"),
    **dict.fromkeys(("mail", "emailaddress"), "email"),
    **dict.fromkeys(("city", "town"), "location"),
    "product": "preferred_product",
    **dict.fromkeys(
        ("unsubscribe", "unsubscribelink", "unsubscribeurl", "optouturl", "optoutlink"),
        UNSUBSCRIBE_LINK,
    ),
}


class Doubt(NamedTuple):
    """A word of a text that probably does not do what its author wants."""

    word: str  #: as it was written
    printed: bool  #: it goes out as it stands; else it is a field that prints nothing
    meant: str  #: the field that it comes close to, "" for none


class Printed(NamedTuple):
    """A word that is printed as it stands, and what it would be called as a field."""

    written: str
    name: str
    is_exact: bool = False  #: only a field's very name makes it one: it may be CSS, or prose


def printed_words(template: Template) -> list[Printed]:
    """Return the words of a template that could have been meant as fields."""
    pieces = scan(template.text, html=template.html)
    texts = [each.text for each in pieces if isinstance(each, Text) and not each.is_raw]
    # A mark between them keeps the two ends of a field apart from each other.
    text = "\n".join(texts)
    if template.html:
        text = _STYLE.sub(" ", shown(text))
        text = f"{text}\n{_ELEMENT.sub('', text)}"
    return list(islice(dict.fromkeys(_printed(text)), _MOST_READ))


def shown(html: str) -> str:
    """Return HTML without its styles, scripts and comments; what is not closed goes to the end."""
    lower, shown, at = html.lower(), list[str](), 0
    if len(lower) != len(html):  # a letter that has no lower case of its own length
        lower = html
    while found := _HIDDEN.search(html, at):
        shown.append(html[at : found.start()])
        at = lower.find(_ENDS[found[0].lower()], found.end())
        if at < 0:
            return " ".join(shown)
        at += 1
    return " ".join([*shown, html[at:]])


def _printed(text: str) -> Iterator[Printed]:
    for found in _BRACES.finditer(text):
        inner = _HEAD.fullmatch(found[1] or found[2])
        if inner and found[0] not in LINK_MARKS.values():
            yield Printed(found[0], inner[1], is_exact=inner[2] not in {None, "|"})
    for found in _FOREIGN.finditer(text):
        name = next(filter(None, found.groups())).strip()
        yield Printed(found[0], name, is_exact=True)


def is_field_like(name: str) -> bool:
    """Tell whether braces around a word ask for a field: {plan} does, {SAVE20} and {2x} do not."""
    if not _IDENTIFIER.fullmatch(name) or (name.isupper() and "_" not in name):
        return False
    return "_" in name or not any(character.isdigit() for character in name)


def doubts(template: Template, known: Collection[str]) -> list[Doubt]:
    """Return the doubtful words of a text; `known`: the attributes that people have."""
    names = FieldNames(known)
    found = (*_of_fields(template, names), *_of_words(template, names))
    return list(found[:_MOST_NAMED])


def unknown_fields(template: Template, known: Collection[str]) -> list[str]:
    """Return the fields that a template asks for and nobody has."""
    return sorted(template.fields - {*TEMPLATE_FIELDS, *known})


def _of_fields(template: Template, names: "FieldNames") -> Iterator[Doubt]:
    for name in unknown_fields(template, names.known)[:_MOST_READ]:
        yield Doubt(name, printed=False, meant=names.nearest(name))


def _of_words(template: Template, names: "FieldNames") -> Iterator[Doubt]:
    for word in printed_words(template):
        meant = names.nearest(word.name, exact=word.is_exact)
        if meant or (not word.is_exact and is_field_like(word.name)):
            yield Doubt(word.written, printed=True, meant=meant)


class FieldNames:
    """The fields that people have, and the links of mails, to find one by a name close to it."""

    def __init__(self, known: Collection[str]) -> None:
        self.known = known
        ours = {_folded(each): each for each in (*TEMPLATE_FIELDS, *LINK_MARKS)}
        ours |= {_folded(alias): meant for alias, meant in ALIASES.items()}
        self._names = {_folded(each): each for each in sorted(known)} | ours
        self._compared = [*ours, *islice(self._names, _MOST_COMPARED)]

    def nearest(self, name: str, *, exact: bool = False) -> str:
        """Return the field that a name comes close to, "" for none."""
        wanted = _folded(name)
        if wanted in self._names:
            return self._names[wanted]
        if exact or not wanted or any(character.isdigit() for character in wanted):
            return ""
        if wanted in _SYNONYMS:
            return _SYNONYMS[wanted]
        close = get_close_matches(wanted, self._compared, n=1, cutoff=0.8)
        return self._names[close[0]] if close else ""


def _folded(name: str) -> str:
    """Return what is left of a name whatever its case, its width and its divisions are."""
    return "".join(filter(str.isalnum, normalize("NFKC", name).casefold()))


def spelled(name: str) -> str:
    """Return how a field is written in a template."""
    if name in TEMPLATE_FIELDS or name in LINK_MARKS:
        return f"{{{name}}}"
    return f"{{{{ {name} }}}}" if _PLAIN_FIELD.fullmatch(name) else f'{{{{ ["{name}"] }}}}'
