"""What a mail server means that refuses a mail: that there is no such mailbox, or that it is us.

Servers say it by an enhanced code (RFC 3463) and by words, which are anybody's. Only what says that
the mailbox does not exist bars it. What says, or may say, that we are refused bars nobody, whatever
else it says: a relay, a block list or a policy refuses everybody's mail alike.
"""

import re
from collections.abc import Mapping
from typing import Final

from functions.channels.statuses import ProviderStatus
from functions.domain.messages.delivery_events import EventKind, Retry

NOBODY: Final = ProviderStatus(EventKind.FAILED, reason="invalid_address", suppress="bounced")
MAILBOX_FULL: Final = ProviderStatus(EventKind.FAILED, reason="mailbox_full")


def refusal(reason: str) -> ProviderStatus:
    """Return the status of a mail that was refused because of us."""
    return ProviderStatus(EventKind.FAILED, Retry.REFUSED, reason)


_POLICY: Final = "refused_by_policy"

#: The codes that name the mailbox, or the host behind the @, as one that there is not.
_NOBODY_CODES: Final = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
_FULL_CODES: Final = frozenset({"4.2.2", "5.2.2"})
#: Of us; so is all of 5.7 but what tells that the mailbox or its domain is somebody else's now.
_OUR_CODES: Final[Mapping[str, str]] = {
    "5.1.7": "sender_refused",
    "5.1.8": "sender_refused",
    **dict.fromkeys(("5.7.8", "5.7.9", "5.7.11", "5.7.14"), "login_refused"),
    **dict.fromkeys(("5.7.20", "5.7.21", "5.7.22", "5.7.23", "5.7.26"), "not_authenticated"),
    **dict.fromkeys(("5.7.25", "5.7.27"), "sender_refused"),
}
_OTHERS_NOW: Final = frozenset({"5.7.17", "5.7.18"})

_ENHANCED: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)")
#: Part of no sentence: an address may be `policy@`, a link may lead to `/NoSuchUser`.
_NAMES: Final = re.compile(r"<[^<>]*>|https?:\S+|www\.\S+|\S*@\S*")


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


#: What is said of us, by why, the plainest first.
_OF_US: Final = (
    ("relay_denied", _any(r"\brelay(?! recipient)", r"\brcpthosts", r"not a gateway")),
    (
        "sender_listed",
        _any(
            r"spamhaus|spamcop|barracudacentral|sorbs|uceprotect|surbl|uribl|invaluement|abuseat|senderscore",
            r"dnsbl|rbl\b|\bzen\.|(block|black|deny|drop)[ -]?list",
            r"(?<!not )\blisted (at|in|on|by)\b|blocked using|reputation",
        ),
    ),
    (
        "not_authenticated",
        _any(r"\b(spf|dkim|dmarc)\b", r"unauthenticated (mail|e-?mail|message)"),
    ),
    (
        "login_refused",
        _any(r"authenticat(e|ion|ed)", r"\blog ?in\b", r"credentials", r"starttls"),
    ),
    (
        "sending_quota",
        _any(
            r"(daily|hourly|monthly|sending|message|messages|sender|user sending|package|plan)"
            r" (message )?(sending )?(quota|limit|rate)",
            r"(maximum )?credits|too many (messages|mails|e-?mails|recipients|connections)",
            r"quota .{0,30}(sending|sender)|sending too (fast|many|much)",
        ),
    ),
    (
        "sender_refused",
        _any(
            r"\bsenders?\b|\bmail from\b|\bfrom (address|domain|header)|return[ -]path|envelope",
            r"\b(helo|ehlo|rdns|ptr)\b|reverse (dns|lookup|name)|client host|your host\b",
            r"your (ip|server|domain|network|organi[sz]ation|account)\b|not verified",
            r"unverified|\bidentit(y|ies)\b",
        ),
    ),
)
_FULL: Final = _any(
    r"(mailbox|inbox|account|user|recipient|storage|folder)\b.{0,40}\bfull\b",
    r"\b(over|out of|exceeds?|exceeded|exceeding)\b.{0,20}\b(quota|storage)\b",
    r"quota\b.{0,20}(exceed|full|reached)|insufficient .{0,20}storage",
)
_OF_POLICY: Final = _any(
    r"polic(y|ies)|\bspam|\bjunk|unsolicited|\bbulk\b|virus|malware|phish|suspicious|\bcontent\b",
    r"\b(blocked|banned|prohibited|prohibition|forbidden|denied|unauthori[sz]ed)\b|administrative",
    r"not (permitted|authori[sz]ed)|(?<!name )not allowed",
)
_WHO: Final = r"(users?|mailbox|recipient|account|addressee|address|customer|person|local[ -]part)"
_NOT_THERE: Final = (
    r"(unknown|not (be )?found|(does|did|do)( not|n[o']?t|n.t) exist|(is )?no longer"
    r" (exist|exists|valid|active|here)|(is )?invalid|not exist|not known|is not valid|nonexistent"
    r"|non-existent|(has been|was|is) (deleted|closed|removed|terminated))"
)
_OF_NOBODY: Final = _any(
    rf"\bno such \w*[ -]?{_WHO}|\bno such (person|name)|\bno {_WHO} (here )?(by|with|of) th(at|is)",
    rf"\b(unknown|invalid|non-?existent|bad) (local |virtual |e-?mail |destination )?{_WHO}",
    rf"\b{_WHO}\b.{{0,60}}\b{_NOT_THERE}",
    rf"(is not|isn.t|not) a (known|valid) {_WHO}|doesn.t have an? \S+ account",
    r"recipientnotfound|unrouteable address|not listed in (the |public |domino |our )*\w*",
    r"\b(domain|host)\b.{0,40}\b(not found|does not exist|unknown)\b|null mx",
)


def meaning(text: str, *, enhanced: str = "") -> ProviderStatus | None:
    """Return what a server's final refusal means; None where it says neither of us nor of whom.

    `enhanced`: the enhanced code, where it is told beside the text.
    """
    code = enhanced or _code(text)
    words = " ".join(_NAMES.sub(" ", _ENHANCED.sub(" ", text.lower())).split())
    if code in _FULL_CODES:
        return MAILBOX_FULL
    if code.startswith("4") or code in _OTHERS_NOW:
        return None
    if reason := _of_us(code, words):
        return refusal(reason)
    return MAILBOX_FULL if _FULL.search(words) else _less_plainly(code, words)


def _less_plainly(code: str, words: str) -> ProviderStatus | None:
    """Return what a refusal means of which neither codes nor words say that it is of us."""
    if code.startswith(("5.2.", "5.4.")):
        return None  # Of a mailbox that exists, or of the way there: "denied" need not be of us.
    if _OF_POLICY.search(words):
        return refusal(_POLICY)
    return NOBODY if code in _NOBODY_CODES or _OF_NOBODY.search(words) else None


def _of_us(code: str, words: str) -> str:
    """Return why we are refused, where the code or the words say so plainly; "" elsewhere."""
    said = next((reason for reason, pattern in _OF_US if pattern.search(words)), "")
    of_us = _OUR_CODES.get(code) or (_POLICY if code.startswith("5.7.") else "")
    return said or of_us


def _code(text: str) -> str:
    found = _ENHANCED.search(text)
    return found[1] if found else ""
