"""What a template can name of a person, in every spelling that is taken."""

from collections.abc import Mapping
from typing import Final

#: The fields of their own that a template may name; attributes stand beside them.
TEMPLATE_FIELDS: Final = (
    "first_name",
    "last_name",
    "phone",
    "email",
    "location",
    "preferred_product",
)
#: Spellings of other systems, accepted and answered beside ours.
ALIASES: Final[Mapping[str, str]] = {
    "firstname": "first_name",
    "lastname": "last_name",
    "prefered_product": "preferred_product",
}
#: What single braces take, by spelling.
PLACEHOLDERS: Final[Mapping[str, str]] = {**{name: name for name in TEMPLATE_FIELDS}, **ALIASES}
UNSUBSCRIBE_LINK: Final = "unsubscribe_url"
#: What stands for each link of a mail's own until the mail is written; no person has these fields.
LINK_MARKS: Final[Mapping[str, str]] = {UNSUBSCRIBE_LINK: f"{{{UNSUBSCRIBE_LINK}}}"}


def field_name(written: str) -> str:
    """Return our name of a field."""
    return ALIASES.get(written, written)
