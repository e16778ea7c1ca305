"""Text that has to stay one line: subjects, names, and the parameters of a provider's texts."""

import re
from typing import Final

#: Control characters and Unicode's own ends of lines: none of them belongs in a single line.
_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
#: They have other words shown than are written; all other marks of direction stay.
_OVERRIDES: Final = re.compile(r"[\u202d\u202e]")


def one_line(text: str) -> str:
    """Return a text in one line. All else stays: joiners, variants, directions, any blank."""
    return _OVERRIDES.sub("", _BREAKS.sub(" ", text)).strip()
