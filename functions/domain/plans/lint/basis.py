"""Basis: what a plan is judged by, besides itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from functions.domain.kinds import ChannelKind
from functions.domain.sending_rules.windows import Window


class Basis(NamedTuple):
    """What a plan is judged by."""

    now: datetime
    windows: Sequence[Window] = ()  #: within which its campaign sends, whatever the plan says
    allow_private: bool = False  #: hosts of our own network may be called (public_urls.py)
    #: By channel: what its provider does not tell, though others of that kind do.
    untold: Mapping[ChannelKind, frozenset[str]] = {}
