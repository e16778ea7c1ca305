"""What a mail says, with its own links in it: to unsubscribe, to note openings and clicks.

A text may say where the link to unsubscribe goes, by `{unsubscribe_url}`; a part that does not has
it in a last line.
"""

import re
from html import escape, unescape
from typing import Final, NamedTuple

from functions.channels.mail.text_links import replaced
from functions.domain.messages.delivery_events import MessageRef
from functions.domain.templates.fields import LINK_MARKS, UNSUBSCRIBE_LINK
from functions.domain.templates.words import shown
from functions.domain.urls.public_urls import MAX_URL_LENGTH
from functions.domain.urls.tracking_links import Link, Links, Purpose

MARK: Final = LINK_MARKS[UNSUBSCRIBE_LINK]

#: How editors of HTML write the mark into a link.
_MARKED: Final = re.compile(
    r"(?:https?://)?(?:(?:\{|%7B){1,2}(?:\s|%20){0,2})unsubscribe_url(?:(?:\s|%20){0,2}(?:\}|%7D){1,2})",
    re.IGNORECASE,
)
_SCHEMES: Final = ("http://", "https://")
#: The beginning of a link, up to where it leads. A quoted value may hold whatever else a tag ends
#: with, and an unquoted "<" begins another tag.
_ANCHOR: Final = re.compile(
    r"""(<a(?:rea)?\s(?:[^<>"']|"[^"]*"|'[^']*')*?(?<![^\s"'])href\s*=\s*)("[^"]*"|'[^']*'|[^\s"'<>]+)""",
    re.IGNORECASE,
)
_END: Final = re.compile(r"</body\s*>", re.IGNORECASE)


class Said(NamedTuple):
    """What a mail says; either may be ""."""

    text: str
    html: str


class MailLinks:
    """Puts the links of one attempt's mail into what it says."""

    def __init__(self, links: Links, public_base_url: str, ref: MessageRef, attempt: int) -> None:
        self._links = links
        self._base = public_base_url.rstrip("/")
        self._of = (ref, attempt)
        self.unsubscribe_url = self._url(Purpose.UNSUBSCRIBE)

    def said(self, text: str, html: str) -> Said:
        """Return a mail's text and HTML with their links; where both are empty, a text of one."""
        text, html = _MARKED.sub(MARK, text), _MARKED.sub(MARK, html)
        if text or not html:
            text = replaced(text, self._click)
            text += "" if MARK in text else f"\n\nUnsubscribe: {MARK}\n"
        if html:
            line = "" if MARK in shown(html) else f'<p><a href="{MARK}">Unsubscribe</a></p>'
            html = _before_end(_ANCHOR.sub(self._anchor, html), line + self._picture())
        return Said(*(each.replace(MARK, self.unsubscribe_url) for each in (text, html)))

    def _anchor(self, found: re.Match[str]) -> str:
        before, written = found.groups()
        target = unescape(written[1:-1] if written[0] in "\"'" else written).strip()
        url = self._click(target) if target.lower().startswith(_SCHEMES) else target
        return found[0] if url == target else f'{before}"{escape(url)}"'

    def _click(self, target: str) -> str:
        """Return the link that leads to a target by way of us; too long ones stay as they are."""
        if len(target) > MAX_URL_LENGTH or target.startswith(f"{self._base}/links/"):
            return target
        return self._url(Purpose.CLICK, target)

    def _picture(self) -> str:
        """Return what notes an opening, and a link that only programs find."""
        trap = escape(self._url(Purpose.TRAP))
        hidden = f'<a href="{trap}" style="display:none" tabindex="-1" aria-hidden="true"></a>'
        return hidden + f'<img src="{escape(self._url(Purpose.OPEN))}" width="1" height="1" alt="">'

    def _url(self, purpose: Purpose, target: str = "") -> str:
        return self._links.url(self._base, Link(purpose, *self._of, target))


def _before_end(html: str, more: str) -> str:
    """Return HTML with more at the end of what it shows."""
    ends = [found.start() for found in _END.finditer(html)]
    at = ends[-1] if ends else len(html)
    return html[:at] + more + html[at:]
