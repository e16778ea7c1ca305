"""Ids derived from what a message promises, and which lane looks after it."""

from functools import lru_cache
from typing import Final

from functions.domain.contacts.contact import contact_id
from functions.domain.digest import digest

_PROMISE_LENGTH: Final = 16


def message_id(campaign: str, subject: str, *, step: int = 0, visit: int = 0) -> str:
    """Derive a message's id from what it promises, so that creating it twice is a no-op.

    A campaign's ids follow the order in which an audience is read, in sixteen ranges: a store
    writes neighbours together, and no single range of keys takes every write of a launch.
    """
    digest = contact_id(subject)
    return f"{digest[-1]}{digest[:-1]}{_promise(campaign, step, visit)}"


def following_id(id_: str, campaign: str, *, step: int) -> str:
    """Return the id of the message at another step to whom message `id_` is for.

    It begins as that one does: both are in the same lane.
    """
    return f"{id_[:-_PROMISE_LENGTH]}{_promise(campaign, step, 0)}"


@lru_cache(maxsize=1024)
def _promise(campaign: str, step: int, visit: int) -> str:
    """Return what tells the messages to one subject apart."""
    return digest(campaign, step, visit, size=_PROMISE_LENGTH // 2)


def lane_number(id_: str, lanes: int) -> int:
    """Return the number of the lane that looks after the message with this id."""
    return int(id_[:8], 16) % lanes


def send_lane(number: int | str) -> str:
    """Return what the lane's messages that wait to be sent hold in `lane`."""
    return f"send-{number}"


def watch_lane(number: int | str) -> str:
    """Return what the lane's messages that are with the provider hold in `lane`.

    Apart from those that wait, so that a long backlog never hides a message that was lost.
    """
    return f"watch-{number}"
