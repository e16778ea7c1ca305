"""What is known of a walk when it is decided about: what happened, and when."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple


class Occurrence(NamedTuple):
    """Something that happened, once."""

    name: str
    at: datetime
    key: str  #: tells it from others of its name


class MessageFacts(NamedTuple):
    """What is known of a message."""

    sent_at: datetime | None = None
    ended_at: datetime | None = None  #: when it was known that it will never be sent
    events: Mapping[str, datetime] = {}  #: the first of each name
    due_at: datetime | None = None  #: when it is to leave, which hours and caps may have put off
    made_at: datetime | None = None  #: None: with this look
    over_at: datetime | None = None  #: when steps behind it begin: it has left; a call: has ended


class Facts(NamedTuple):
    """What is known of a person's walk."""

    messages: Mapping[str, MessageFacts] = {}  #: by message id
    events: Sequence[Occurrence] = ()  #: custom ones, since they entered
    exits: Mapping[str, datetime] = {}  #: the first of each event that ends walks, since then
    resumed_at: datetime | None = None  #: when the campaign, or the person, last went on again


NOTHING = MessageFacts()
