"""A page of walks, as whoever sends is told of it: campaigns without a plan import no more."""

from collections.abc import Sequence
from typing import NamedTuple

from functions.domain.messages.message import Message
from functions.engine.kernel.commits.versioned import Versioned


class WalkedPage(NamedTuple):
    """A page of walks: how many were due, and the messages that they have come to."""

    due: int
    made: Sequence[Versioned[Message]]
