"""Ids derived from what a message promises, and which lane looks after it."""

from functools import lru_cache
from typing import Final, NamedTuple

from functions.domain.contacts.contact import contact_id
from functions.domain.contacts.number_spellings import one_spelling
from functions.domain.digest import digest

_PROMISE_LENGTH: Final = 16
_FALLBACK: Final = "fallback-"


class NodeSend(NamedTuple):
    """A send of a plan's node, as a key names it."""

    version: int  #: of the plan
    node: str
    number: int  #: 0 its own, 1 that of its first fallback, ...
    route: int  #: the number of the campaign's route that it goes by

    @property
    def key(self) -> str:
        """What messages hold in `send`; no node's id has a slash."""
        return f"{self.version}/{self.node}/{self.number}/{self.route}"


def is_of_node(key: str) -> bool:
    """Tell whether a send is that of a plan's node."""
    return "/" in key


@lru_cache(maxsize=1024)
def node_send(key: str) -> NodeSend:
    """Return what the key of a node's send names."""
    version, node, number, route = key.split("/")
    return NodeSend(int(version), node, int(number), int(route))


def node_of(key: str) -> str:
    """Return the plan's node that a send belongs to; "" for a send of no plan."""
    return node_send(key).node if is_of_node(key) else ""


def fallback_key(number: int) -> str:
    """Return the key of the send of a campaign's fallback; the first has number 1."""
    return f"{_FALLBACK}{number}"


def fallback_number(key: str) -> int:
    """Return the number of the fallback that a send belongs to; 0 for a send of no fallback."""
    if is_of_node(key):
        return node_send(key).number
    return int(key[len(_FALLBACK) :]) if key.startswith(_FALLBACK) else 0


def message_id(salt: bytes, campaign: str, subject: str, *, send: str = "", visit: int = 0) -> str:
    """Derive a message's id from what it promises, so that creating it twice is a no-op.

    A campaign's ids follow the order in which an audience is read, in sixteen ranges: a store
    writes neighbours together, and no single range of keys takes every write of a launch.
    """
    who = contact_id(salt, subject)
    return f"{who[-1]}{who[:-1]}{_promise(campaign, send, visit)}"


def walk_message_id(who: str, campaign: str, place: str, visit: int) -> str:
    """Derive the id of a message of a walk: of whose, and for which visit of which node.

    It begins as the enrollment's id does: both are in the same lane.
    """
    return f"{who[-1]}{who[:-1]}{_promise(campaign, place, visit)}"


def whole_id(campaign: str, message: str) -> str:
    """Return the id that callers know a message by: two campaigns may have one of the same id."""
    return f"{campaign}.{message}"


def campaign_of(whole: str) -> str:
    """Return the campaign of a message that callers know by this id."""
    return whole.partition(".")[0]


def following_id(id_: str, campaign: str, *, send: str) -> str:
    """Return the id of the message by another send to the recipient of message `id_`.

    It begins as that one does: both are in the same lane. Another visit of a node has another id.
    """
    before = id_[-_PROMISE_LENGTH:] if is_of_node(send) else ""
    return f"{id_[:-_PROMISE_LENGTH]}{_promise(campaign, f'{send}{before}', 0)}"


@lru_cache(maxsize=1024)
def _promise(campaign: str, send: str, visit: int) -> str:
    """Return what tells the messages to one subject apart."""
    return digest(campaign, send, visit, size=_PROMISE_LENGTH // 2)


def alias_key(org: str, address: str) -> str:
    """Return what a message holds in `alias` by which somebody is found who writes to `org`."""
    return f"{org}/{one_spelling(address)}"


def lane_number(id_: str, lanes: int) -> int:
    """Return the number of the lane that looks after the message with this id.

    Each lane has an equal range of ids: what it sends together stands together in the store.
    """
    return int(id_[:8], 16) * lanes >> 32  # of the first 32 bits


def send_lane(number: int | str) -> str:
    """Return what the lane's messages that wait to be sent hold in `lane`."""
    return f"send-{number}"


def walk_lane(number: int | str) -> str:
    """Return what the lane's enrollments hold in `lane` while somebody must look at them."""
    return f"walk-{number}"


def enrollment_id(who: str, key: str = "") -> str:
    """Derive an enrollment's id from the id of whoever is enrolled and the key of this walk.

    It begins as the ids of its messages do: the lane that sends them walks it.
    """
    return f"{who[-1]}{who[:-1]}{digest(key, size=4) if key else ''}"


def watch_lane(number: int | str) -> str:
    """Return what the lane's messages that are with the provider hold in `lane`.

    Apart from those that wait, so that a long backlog never hides a message that was lost.
    """
    return f"watch-{number}"
