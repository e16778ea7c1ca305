"""Who has written to us: the person behind the number by which their provider knows them."""

from collections.abc import Sequence
from typing import NamedTuple

from functions.domain.contacts.contact import ERASED
from functions.domain.contacts.number_spellings import one_spelling
from functions.domain.messages.delivery_events import Inbound, MessageRef
from functions.domain.messages.ids import alias_key
from functions.domain.messages.message import Message, message_from
from functions.engine import paths
from functions.engine.contacts.known_numbers import likeliest, ours_for, sent_with
from functions.engine.contacts.suppressions import share_bars
from functions.engine.kernel.commits.modify import modify
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document, Update, Write


class Correspondent(NamedTuple):
    """Whom a text is from, and the message that it names, where it names one of ours."""

    address: str  #: as we know them; "" for somebody of whom no number is told or known
    other: str = ""  #: another number, by which their provider knows them; "" where there is none
    quoted: tuple[MessageRef, Message] | None = None

    @property
    def addresses(self) -> list[str]:
        """Every address that is theirs."""
        return [address for address in (self.address, self.other) if address]


async def find(engine: Engine, org: str, text: Inbound) -> Correspondent:
    """Return whom a text is from.

    The message that it answers says it for sure. Without one it says the number that their
    provider told us when we wrote to them, and else the numbering plans.
    """
    named = await likeliest(engine, org, text.named or text.address, near=text.to)
    if text.answers and (sent := await sent_with(engine, org, "quotable_id", text.answers)):
        quoted = ref_of(sent), message_from(sent.id, sent.data)
        return Correspondent(sent.data["address"], _other(sent.data["address"], named), quoted)
    ours = await ours_for(engine, org, named) if named else ""
    return Correspondent(ours, _other(ours, named))


async def remember(engine: Engine, org: str, sender: Correspondent) -> None:
    """Keep by which other number somebody answers, for the texts that name no message of ours.

    What was barred under that number is barred under ours from then on.
    """
    if sender.quoted is None or not sender.other:
        return
    await share_bars(engine, org, of=sender.other, to=sender.address)
    path, alias = paths.message(sender.quoted[0]), alias_key(org, sender.other)

    def decide(documents: list[Document | None]) -> tuple[None, Sequence[Write]]:
        document = documents[0]
        if document is None or document.data["address"] == ERASED:
            return None, []
        if document.data.get("alias") == alias:
            return None, []
        return None, [Update(path, {"alias": alias}, document.version)]

    await modify(engine.store, [path], decide)


def _other(ours: str, named: str) -> str:
    """Return the number by which somebody was named, where it is another one than ours."""
    return "" if one_spelling(ours) == one_spelling(named) else named


def ref_of(document: Document) -> MessageRef:
    """Return where a message's document lives."""
    return MessageRef(document.org, paths.ids(document.path)[1], document.id)
