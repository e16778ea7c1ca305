"""Texts that an attacker writes, which must hold up nobody: the worst templates and mails."""

import contextlib
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from benchmarks.report import Row
from functions.channels.mail.tracking import MailLinks
from functions.domain.messages.delivery_events import MessageRef
from functions.domain.templates.template import Template, TemplateError, TemplateLimitError
from functions.domain.urls.tracking_links import Links
from tests.domain.templates.hostile import HOSTILE, LARGEST, PERSON, VALUES

_ROUNDS: Final = 5
_SHORT, _LONG = 2_000, 20_000
#: Beginnings of tags and of links that never end.
_PIECES: Final = ("<a ", "<a href=", '<a "', "<a '", "<a x='\"", "</body", "https://x)")


async def measure() -> list[Row]:
    """Measure the slowest of each, in time of the processor."""
    return [_templates(), _mails()]


def _templates() -> Row:
    hostile = max(_seconds(partial(_fill, text, VALUES)) for text in HOSTILE.values())
    allowed = max(_seconds(partial(_fill, text, PERSON)) for text in LARGEST)
    name = f"the slowest of {len(HOSTILE)} hostile templates"
    against = f"the slowest that is allowed {allowed * 1000:.1f} ms"
    return Row(name, f"{hostile * 1000:.1f} ms", against, hostile / allowed, "both < 50 ms")


def _fill(text: str, values: Mapping[str, object]) -> None:
    with contextlib.suppress(TemplateError, TemplateLimitError):
        Template.parse(text).render(values)


def _mails() -> Row:
    """Measure what grows: texts ten times as long take ten times as long."""
    links = MailLinks(Links("x" * 32), "https://app.example", MessageRef("o", "c", "m"), 1)
    long, short = (
        max(_seconds(partial(links.said, piece * size, piece * size)) for piece in _PIECES)
        for size in (_LONG, _SHORT)
    )
    name = f"links in a mail of {_LONG:,} tags that never end"
    against = f"{short * 1000:.1f} ms for {_SHORT:,}"
    return Row(name, f"{long * 1000:.1f} ms", against, long / short, "<= 20")


def _seconds(work: Callable[[], object]) -> float:
    """Return the seconds of processor of the quickest round: others may take some of the rest."""
    taken = []
    for _ in range(_ROUNDS):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return min(taken)
