"""Who has written to us: the person behind the number by which their provider knows them."""

from collections.abc import Sequence
from typing import NamedTuple

from functions.domain.contacts.contact import ERASED, contact_id
from functions.domain.contacts.number_spellings import one_spelling
from functions.domain.contacts.provider_numbers import readings
from functions.domain.messages.delivery_events import Inbound, MessageRef
from functions.domain.messages.ids import alias_key
from functions.domain.messages.message import Message, message_from
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document, Query, Where

#: Providers' ids are their own: two providers may have given the same one to a message each.
_SAME_ID = 10


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
    named = await _likeliest(engine, org, text)
    if quoted := await _sent_as(engine, org, text.answers):
        return _known(quoted, named)
    if named and (sent := await _sent_to(engine, org, named)):
        return _known(sent, named)._replace(quoted=None)
    return Correspondent(named)


def _known(sent: tuple[MessageRef, Message], named: str) -> Correspondent:
    address = sent[1].address
    is_same = one_spelling(address) == one_spelling(named)
    return Correspondent(address, "" if is_same else named, sent)


async def _sent_as(engine: Engine, org: str, provider_id: str) -> tuple[MessageRef, Message] | None:
    """Return the message that a provider has given this id."""
    if not provider_id:
        return None
    return await _first(engine, org, Where("provider_id", "==", provider_id))


async def _sent_to(engine: Engine, org: str, address: str) -> tuple[MessageRef, Message] | None:
    """Return a message to somebody whom the provider knows by this number instead of theirs."""
    return await _first(engine, org, Where("alias", "==", alias_key(org, address)))


async def _first(engine: Engine, org: str, where: Where) -> tuple[MessageRef, Message] | None:
    query = Query("messages", (where,), limit=_SAME_ID, group=True)
    for document in await engine.store.query(query):
        message = message_from(document.id, document.data)
        if document.org == org and message.address != ERASED:
            return ref_of(document), message
    return None


def ref_of(document: Document) -> MessageRef:
    """Return where a message's document lives."""
    return MessageRef(document.org, paths.ids(document.path)[1], document.id)


async def _likeliest(engine: Engine, org: str, text: Inbound) -> str:
    """Return the number that a provider means, in doubt that of somebody whom we know."""
    possible = readings(text.named or text.address, near=text.to)
    known = await _known_among(engine, org, possible) if len(possible) > 1 else []
    return next(iter([*known, *possible]), "")


async def _known_among(engine: Engine, org: str, addresses: Sequence[str]) -> list[str]:
    """Return the addresses at which somebody is known, or was written to."""
    people = [paths.contact(org, contact_id(address)) for address in addresses]
    contacts = await engine.store.get_many(people)
    found = [address for address, each in zip(addresses, contacts, strict=True) if each]
    for address, person in zip(addresses, people, strict=True):
        where = (Where("contact", "==", person),)
        sent = Query("messages", where, ("-created_at",), limit=1, group=True)
        if not found and await engine.store.query(sent):
            found.append(address)
    return found
