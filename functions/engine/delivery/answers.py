"""What a provider's answer to a send says of the person: whom not to contact, and who they are."""

from functions.domain.contacts.contact import ERASED
from functions.domain.messages.ids import alias_key
from functions.domain.messages.message import Changes, Message
from functions.domain.messages.send_outcomes import Accepted, Rejected, SendOutcome
from functions.engine.contacts.suppressions import share_bars, suppress
from functions.engine.kernel.engine import Engine


def is_plain(outcome: SendOutcome) -> bool:
    """Tell whether an answer says nothing of the person, as nearly all do."""
    if isinstance(outcome, Accepted):
        return not outcome.other
    return not isinstance(outcome, Rejected) or not outcome.suppress


async def heed(engine: Engine, org: str, address: str, outcome: SendOutcome, *, by: str) -> None:
    """Bar an address whose owner wants no more, or is barred under another number of theirs.

    Before the answer is recorded: a crash in between must not lose it.
    """
    match outcome:
        case Rejected(suppress=reason) if reason:
            await suppress(engine, org, address, reason=reason, by=by)
        case Accepted(other=other) if other:
            await share_bars(engine, org, of=other, to=address)
        case _:
            pass


def alias_told(org: str, message: Message, outcome: SendOutcome) -> Changes:
    """Return the number by which the provider knows the person, where it told another one."""
    other = outcome.other if isinstance(outcome, Accepted) else ""
    if not other or message.address == ERASED:
        return {}
    return {"alias": alias_key(org, other)}
