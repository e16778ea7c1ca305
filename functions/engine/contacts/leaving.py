"""Leaving: whoever opts out leaves the plans that they walk through, without a message of theirs.

The bar is stored first and the walks are asked for after it; whoever enters looks for bars once
more after that. So whichever of both comes second sees the other.
"""

from typing import Final

from functions.domain.contacts.addresses import address_for, phone_and_email
from functions.domain.contacts.contact import contact_from
from functions.domain.contacts.suppressions import ALL, Suppression, suppression_from
from functions.domain.plans.enrollment import EXIT
from functions.engine import paths
from functions.engine.contacts.known_by import who_has
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.people import id_of
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.kernel.walks import PersonsWalk, mark_walks, walks_of

#: Contacts who share a mail address.
_MOST: Final = 100


async def leave(engine: Engine, org: str, address: str, *, scope: str, event: str) -> None:
    """Mark the walks of whoever has an address that ends there: it is barred under this scope.

    A bar under a channel ends a walk once all channels of its plan are barred or have no address.
    Repeated it does no harm. Nobody who walks costs a query, two for a mail address.
    """
    for who in await _people(engine, org, address):
        async for walks in walks_of(engine, org, who):
            ended = [walk for walk in walks if await _ends(engine, org, walk, scope)]
            now = engine.clock.now()
            await mark_walks(
                engine,
                [
                    (walk, {f"{EXIT}{event}": max(now, walk.enrollment.entered_at)})
                    for walk in ended
                ],
            )


async def _people(engine: Engine, org: str, address: str) -> list[str]:
    """Return the ids of whoever has an address; who has a number, too, is known by that."""
    ids = [await id_of(engine, org, address)]
    if "@" in address:
        found = await engine.store.query(who_has(org, address, limit=_MOST))
        ids += [contact.id for contact in found]
    return list(dict.fromkeys(ids))


async def _ends(engine: Engine, org: str, walk: PersonsWalk, scope: str) -> bool:
    """Tell whether a bar under a scope ends a walk."""
    if scope in {ALL, walk.campaign.kind}:
        return True
    channels = (await plan_of(engine, walk.campaign, walk.enrollment.plan)).sends.channels
    if scope not in channels:
        return False
    if len(channels) == 1:
        return True
    phone, email = await _addresses(engine, walk)
    bars = await _bars(engine, org, phone, email)
    scopes = {ALL, walk.campaign.kind}
    for channel in channels:
        address = address_for(channel, phone=phone, email=email)
        bar = bars.get(address)
        if address and not (bar and bar.bars({*scopes, channel}, now=engine.clock.now())):
            return False
    return True


async def _addresses(engine: Engine, walk: PersonsWalk) -> tuple[str, str]:
    """Return the number and the mail address at which a walk's messages reach somebody."""
    contact = walk.enrollment.contact
    stored = await engine.store.get(contact) if contact else None
    if stored is None:
        return phone_and_email(walk.enrollment.address)
    known = contact_from(stored.id, stored.data)
    return known.phone, known.email


async def _bars(engine: Engine, org: str, *addresses: str) -> dict[str, Suppression]:
    asked = [each for each in addresses if each]
    ids = [await id_of(engine, org, each) for each in asked]
    found = await engine.store.get_many([paths.suppression(org, id_) for id_ in ids])
    pairs = zip(asked, found, strict=True)
    return {each: suppression_from(bar.id, bar.data) for each, bar in pairs if bar is not None}
