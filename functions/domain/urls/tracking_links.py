"""The links in a mail that lead back to us: to unsubscribe, to note an opening, to note a click.

Each carries all that it is about, signed: nobody can make one up, turn one into another, or have
us lead people to where the mail did not.
"""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from enum import StrEnum
from typing import Final, NamedTuple

from functions.domain.messages.delivery_events import MessageRef

_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")
_MAC_BYTES: Final = 16  #: of HMAC-SHA256: 128 bits cannot be guessed, and links stay short


class Purpose(StrEnum):
    """What following a link does; it is the link's path, kept short."""

    UNSUBSCRIBE = "u"
    OPEN = "o"  #: the address of an invisible picture
    CLICK = "c"
    TRAP = "t"  #: nobody sees it: who follows it is a program


class Link(NamedTuple):
    """What one link of one attempt's mail is about."""

    purpose: Purpose
    ref: MessageRef
    attempt: int
    target: str = ""  #: of clicks: where the person wants to go


class Links:
    """Makes and reads links; each purpose is signed with a key of its own."""

    def __init__(self, secret: str) -> None:
        self._keys = {
            purpose: hmac.digest(secret.encode(), f"clarion link {purpose}".encode(), "sha256")
            for purpose in Purpose
        }

    def url(self, public_base_url: str, link: Link) -> str:
        """Return the link as it stands in the mail."""
        ending = ".gif" if link.purpose is Purpose.OPEN else ""
        return f"{public_base_url}/links/{link.purpose}/{self.token(link)}{ending}"

    def token(self, link: Link) -> str:
        """Return what the link is about, signed."""
        content = "/".join((*link.ref, str(link.attempt), link.target)).encode()
        return _encoded(content + self._mac(link.purpose, content))

    def read(self, purpose: Purpose, token: str) -> Link | None:
        """Return what a token is about; None unless we have made it, just so and for this.

        Words of a script without blanks that stood behind the link may have been taken for a part
        of it: nothing counts from the first character on that is not ASCII.
        """
        signed = _decoded(_NOT_ASCII.split(token, maxsplit=1)[0])
        content, mac = signed[:-_MAC_BYTES], signed[-_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(purpose, content)):
            return None
        org, campaign, message, attempt, target = content.decode().split("/", 4)
        return Link(purpose, MessageRef(org, campaign, message), int(attempt), target)

    def _mac(self, purpose: Purpose, content: bytes) -> bytes:
        return hmac.digest(self._keys[purpose], content, "sha256")[:_MAC_BYTES]


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(token: str) -> bytes:
    """Return what a token encodes; nothing where it is not written as we write it."""
    try:
        data = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return b""
    # Base64 can be read from several texts: without this, a changed token could still count.
    return data if _encoded(data) == token else b""
