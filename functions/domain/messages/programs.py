"""Programs that open mails and follow links before, or instead of, a person."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

#: Scanners of mails, previews of chats, crawlers, and libraries that browsers are not made of.
_PROGRAM: Final = re.compile(
    r"(?<!cu)bot\b|crawler|spider|scanner|preview|prefetch|barracuda|mimecast|proofpoint|urldefense"
    r"|safelinks|symantec|messagelabs|fireeye|trendmicro|sophos|cloudmark|forcepoint|ironport"
    r"|facebookexternalhit|whatsapp/|skypeuripreview|microsoft office existence|ms-office"
    r"|headlesschrome|phantomjs|python-requests|python-urllib|go-http-client|libwww-perl"
    r"|apache-httpclient|node-fetch|axios/|wget/",
    re.IGNORECASE,
)
#: How Apple's Mail Privacy Protection calls itself: it loads all pictures of all mails.
_APPLE: Final = "Mozilla/5.0"
#: Servers that load pictures for a reader; within seconds of the mail's arrival, for nobody.
_PROXY: Final = re.compile(
    r"GoogleImageProxy|ggpht\.com|YahooMailProxy|YahooCacheSystem", re.IGNORECASE
)
_PREFETCHING: Final = ("purpose", "sec-purpose", "x-purpose", "x-moz")

#: Requests of one program follow one another so fast, and this soon after the mail was sent.
BURST: Final = timedelta(seconds=3)
SCAN: Final = timedelta(seconds=10)
ARRIVAL: Final = timedelta(seconds=60)
#: So long after it a click stands: nothing takes it back any more.
SETTLED: Final = BURST + timedelta(seconds=1)


def is_program(agent: str, headers: Mapping[str, str] = {}) -> bool:
    """Tell whether a request says of itself that no person makes it."""
    ahead = (headers.get(name, "").lower() for name in _PREFETCHING)
    is_ahead = any("prefetch" in each or "preview" in each for each in ahead)
    return is_ahead or agent.strip() in {"", _APPLE} or bool(_PROGRAM.search(agent))


def is_proxy(agent: str) -> bool:
    """Tell whether a picture is loaded by a server on behalf of a reader."""
    return bool(_PROXY.search(agent))


def is_arriving(sent_at: datetime | None, *, now: datetime, within: timedelta = ARRIVAL) -> bool:
    """Tell whether a mail can only just have arrived."""
    return sent_at is not None and now - sent_at <= within
