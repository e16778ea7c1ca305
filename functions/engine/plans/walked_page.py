"""What a look at the walks of a lane came to."""

from collections.abc import Sequence
from typing import NamedTuple

from functions.domain.messages.message import Message
from functions.engine.kernel.commits.versioned import Versioned


class Walked(NamedTuple):
    """A page of walks: how many were due, and the messages that they have come to."""

    due: int
    made: Sequence[Versioned[Message]]


NOBODY = Walked(0, ())
"""Where nobody walks."""
