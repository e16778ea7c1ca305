"""Text that can be stored and shown: whole characters, and names without what hides or reorders."""

import re
from collections.abc import Mapping
from typing import Any, Final

#: Control characters, separators of lines and paragraphs, and the marks that turn the direction of
#: what follows (Unicode TR 36, 3.3), by which a name could show as another. The joiners of emoji
#: and of Indic and Persian words stay, and so do the marks of one direction (U+200E, U+200F).
_HIDDEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
#: Halves of characters, which JSON can write and nothing can encode.
_HALF: Final = re.compile("[\ud800-\udfff]")


def hidden_in_name(text: str) -> str:
    """Return the first character that a name must not hold, as U+0000 is written; "" if none."""
    found = _HIDDEN.search(text)
    return f"U+{ord(found.group()):04X}" if found else ""


def check_name(text: str) -> str:
    """Return a name. Raises ValueError where it holds what a name must not."""
    if hidden := hidden_in_name(text):
        raise ValueError(f"must not hold control characters or marks of direction ({hidden})")
    return text


def whole(text: str) -> str:
    """Return a text with a question mark for each half of a character."""
    return _HALF.sub("?", text)


def half_character_in(value: Any) -> tuple[str | int, ...] | None:
    """Return where in a JSON value a text holds half of a character; None where none does."""
    match value:
        case str():
            return () if _HALF.search(value) else None
        case Mapping():
            parts: Any = value.items()
            if any(_HALF.search(name) for name in value):
                return ()
        case list():
            parts = enumerate(value)
        case _:
            return None
    for name, part in parts:
        if (below := half_character_in(part)) is not None:
            return (name, *below)
    return None
