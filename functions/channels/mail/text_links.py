"""Where a link begins and ends in a text that people read.

linkify-it-py decides about brackets and punctuation. Beside that a link ends before what no URL has
(quotes, dashes, pictures, invisible marks) and before a script that sets no blanks between words:
whatever is not surely of the link stays in the text.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple
from unicodedata import category

from functions.domain.urls.public_urls import MAX_URL_LENGTH

if TYPE_CHECKING:
    from linkify_it import LinkifyIt

_START: Final = re.compile(r"(?<![A-Za-z0-9+.-])https?://", re.IGNORECASE)
#: Another link that follows without a blank.
_NEXT: Final = re.compile(r"(?<=[,;|)\]])https?://", re.IGNORECASE)
#: One that is longer is not looked at as a whole, and too long to be led by way of us.
_RUN: Final = re.compile(rf"[^\s<>\"`\\^\x00-\x20\x7f-\x9f]{{1,{MAX_URL_LENGTH + 1}}}")
_FOREIGN: Final = re.compile(r"[^\x00-\x7f]")
_HOST_ENDS: Final = re.compile(r"[/?#]")
#: Thai, Lao, Tibetan, Burmese, Khmer, Korean, Chinese and Japanese.
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff"
    "\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]"
)
#: What Markdown and chats put around a link.
_AROUND: Final = "*_~|"
_SCHEME_LENGTH: Final = len("https://")


class TextLink(NamedTuple):
    """A link of a text, at `start`."""

    start: int
    url: str


def replaced(text: str, with_: Callable[[str], str]) -> str:
    """Return a text with each link replaced; everything else stays as it is."""
    parts, at = list[str](), 0
    for link in links_in(text):
        parts += text[at : link.start], with_(link.url)
        at = link.start + len(link.url)
    return "".join([*parts, text[at:]])


def links_in(text: str) -> Iterator[TextLink]:
    """Yield the web addresses of a text, in order."""
    at = 0
    while found := _START.search(text, at):
        start = found.start()
        run, before = _run(text, start), text[start - 1 : start] if start else ""
        url = _url(run, before=before)
        at = start + max(len(url or run), _SCHEME_LENGTH - 1)
        if url:
            yield TextLink(start, url)


def _run(text: str, start: int) -> str:
    """Return all that could be of a link: up to a blank, or to the next link."""
    found = _RUN.match(text, start)
    run = found[0] if found else ""
    following = _NEXT.search(run, _SCHEME_LENGTH)
    return run[: following.start()] if following else run


def _url(run: str, *, before: str) -> str:
    """Return the link that a run begins with, "" where that is none, or cannot be told."""
    end = _end(run)
    if end is None:
        return ""
    found = _linkify().match_at_start(run[:end])
    url = found.raw if found else ""
    return url.rstrip(before) if before and before in _AROUND else url


def _end(run: str) -> int | None:
    """Return where a run stops to be a link; None where its path goes on in an unspaced script.

    There nobody can tell an address from the words behind it, and it stays as it was written.
    """
    host = _HOST_ENDS.search(run, _SCHEME_LENGTH)
    host_end = host.start() if host else len(run)
    for found in _FOREIGN.finditer(run):
        at, character = found.start(), found[0]
        if category(character)[0] not in "LMN":
            return at
        if not _UNSPACED.match(character) or _is_of_host(run, at, host_end):
            continue
        return at if run[at - 1].isascii() and run[at - 1].isalnum() else _after_delimiter(run, at)
    return len(run)


def _is_of_host(run: str, at: int, host_end: int) -> bool:
    """Tell whether a character is of a domain name in its own script, as in https://例え.jp/."""
    begins = run[at - 1] in "/." or not run[at - 1].isascii()
    return at < host_end and (begins or "." in run[at:host_end])


def _after_delimiter(run: str, at: int) -> int | None:
    return at if run[at - 1] in ").,;!]}'" else None


@lru_cache(maxsize=1)
def _linkify() -> "LinkifyIt":
    # Loaded with the first link of a mail's text: other channels, and a start, need none of it.
    from linkify_it import LinkifyIt

    return LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
