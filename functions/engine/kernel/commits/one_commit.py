"""One commit of what several would write: each document is written once."""

from collections.abc import Iterable

from functions.engine.ports.store import Add, Set, Update, Write


def one_commit(writes: Iterable[Write]) -> list[Write]:
    """Return writes that were decided one after the other, those of one document as one.

    The first says at which version it was read. Writes that do not go together stand as they are,
    and the store refuses them.
    """
    merged: dict[str, Write] = {}
    others: list[Write] = []
    for write in writes:
        before = merged.get(write.path)
        after = write if before is None else _both(before, write)
        if after is None:
            others.append(write)
        else:
            merged[write.path] = after
    return [*merged.values(), *others]


def _both(first: Write, second: Write) -> Write | None:
    match first, second:
        case Update(), Update():
            return first._replace(changes={**first.changes, **second.changes})
        case Add(), Add() if first.within == second.within:
            names = first.amounts.keys() | second.amounts.keys()
            sums = {n: first.amounts.get(n, 0) + second.amounts.get(n, 0) for n in sorted(names)}
            must_exist = first.must_exist or second.must_exist
            amounts = {name: n for name, n in sums.items() if n}
            return first._replace(amounts=amounts, must_exist=must_exist)
        case Set(), Set():
            return second._replace(if_version=first.if_version)
        case _:
            return None
