"""What a mail says, with its own links in it: to unsubscribe, to note openings and clicks.

A text may say where the link to unsubscribe goes, by `{unsubscribe_url}`; otherwise it stands in
a last line.
"""

import re
from html import escape, unescape
from typing import Final, NamedTuple

from functions.domain.messages.delivery_events import MessageRef
from functions.domain.urls.public_urls import MAX_URL_LENGTH
from functions.domain.urls.tracking_links import Link, Links, Purpose

MARK: Final = "{unsubscribe_url}"

_WEB: Final = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_SCHEMES: Final = ("http://", "https://")
_CLOSING: Final = ".,;:!?'*_"  #: what stands behind a URL in a text, and is not of it
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
        named = MARK in text or MARK in html
        if text or not html:
            text = self._text(text) + ("" if named else f"\n\nUnsubscribe: {MARK}\n")
        if html:
            line = "" if named else f'<p><a href="{MARK}">Unsubscribe</a></p>'
            html = _before_end(_ANCHOR.sub(self._anchor, html), line + self._picture())
        return Said(*(each.replace(MARK, self.unsubscribe_url) for each in (text, html)))

    def _text(self, text: str) -> str:
        return _WEB.sub(lambda found: self._in_text(found[0]), text)

    def _in_text(self, found: str) -> str:
        url = _trimmed(found) if len(found) <= MAX_URL_LENGTH else found
        return self._click(url) + found[len(url) :]

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
        return f'<img src="{escape(self._url(Purpose.OPEN))}" width="1" height="1" alt="">'

    def _url(self, purpose: Purpose, target: str = "") -> str:
        return self._links.url(self._base, Link(purpose, *self._of, target))


def _trimmed(url: str) -> str:
    """Return a URL that stands in a text, without what the sentence goes on with."""
    url = url.rstrip(_CLOSING)
    while url.endswith(")") and url.count(")") > url.count("("):
        url = url[:-1].rstrip(_CLOSING)
    return url


def _before_end(html: str, more: str) -> str:
    """Return HTML with more at the end of what it shows."""
    ends = [found.start() for found in _END.finditer(html)]
    at = ends[-1] if ends else len(html)
    return html[:at] + more + html[at:]
