"""Doubts about the words of texts, as warnings; as errors where nobody may lack a field."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import ChannelKind
from functions.domain.templates.fields import LINK_MARKS, TEMPLATE_FIELDS
from functions.domain.templates.template import Template
from functions.domain.templates.words import Doubt, doubts, spelled
from functions.domain.warnings import InputWarning

#: Whose field it is, in the templates of other products: ours stand alone.
_OWNERS: Final = frozenset(
    {"attributes", "client", "contact", "customer", "lead", "person", "recipient", "user"}
)


class DoubtfulWordError(InvalidFieldError):
    """A text holds a word that would go out as it stands, or that everybody lacks."""

    def __init__(self, field: str, doubt: Doubt) -> None:
        super().__init__(field, _sentence(field, doubt), code="INVALID_TEMPLATE")


def text_warnings(
    parts: Mapping[str, Template],
    known: Collection[str] | None,
    *,
    channel: str | None,
    may_have_more: bool = False,
) -> list[InputWarning]:
    """Return the doubts about the parts of a text by their fields' names.

    `known`: the attributes that people have. None where nobody knows yet, and with `may_have_more`,
    any field may be one that is not nearly another. Without a channel it may be any.
    """
    is_all = known is not None and not may_have_more
    return [
        *(
            InputWarning(
                "WORD_IN_BRACES" if doubt.printed else "UNKNOWN_FIELD",
                field,
                _sentence(field, doubt),
            )
            for field, part in parts.items()
            for doubt in doubts(part, known or ())
            if is_all or doubt.printed or doubt.meant
        ),
        *_misplaced_links(parts, channel),
    ]


def refuse_doubts(
    parts: Mapping[str, Template], known: Collection[str], *, people_known: bool = False
) -> None:
    """Raise DoubtfulWordError for a word that goes out literally, or a field that all lack.

    Where it is not known who the people are, only a field that is nearly another one is refused:
    attributes may be imported later.
    """
    have = dict.fromkeys((*TEMPLATE_FIELDS, *known), "known")
    for field, part in parts.items():
        needed = part.missing(have)
        for doubt in doubts(part, known):
            lacked = doubt.word in needed and bool(people_known or doubt.meant)
            if doubt.printed or lacked:
                raise DoubtfulWordError(field, doubt)


def _sentence(field: str, doubt: Doubt) -> str:
    meant = f"; {spelled(doubt.meant)} is probably meant" if doubt.meant else ""
    if doubt.printed:
        raw = f"{{% raw %}}{doubt.word}{{% endraw %}}"
        hint = meant or f"; for words in braces that are no field, write {raw}"
        return f"{field}: {doubt.word} is printed as it stands{hint}"
    if not doubt.meant and doubt.word in _OWNERS:
        meant = (
            f"; a field stands alone: {{{{ first_name }}}}, not {{{{ {doubt.word}.first_name }}}}"
        )
    return f"{field}: nobody has the field '{doubt.word}'{meant}"


def _misplaced_links(parts: Mapping[str, Template], channel: str | None) -> Iterator[InputWarning]:
    for field, part in parts.items():
        in_mail = channel in {None, ChannelKind.EMAIL}
        if in_mail and field.rpartition(".")[2] != "subject":
            continue
        for mark in LINK_MARKS.values():
            if mark in part.render({}):
                sentence = f"{field}: {mark} is a link in a mail's text and html, and nothing here"
                yield InputWarning("LINK_NOT_HERE", field, sentence)
