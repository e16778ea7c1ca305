"""Messages that this process has just created, for its lanes to send without reading them.

Only the store says what is to be done. Each message is claimed at the version that it was created
at, so a message that has changed since is read again. A message that is not kept here is found by a
query.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeAlias

from functions.engine import paths
from functions.engine.ports.store import Document

if TYPE_CHECKING:
    from functions.domain.campaigns.campaign import Campaign

#: Messages kept for all lanes together; the lane that was given nothing for longest loses its own.
_MOST: Final = 20_000

_Lane: TypeAlias = tuple[str, str]
"""A campaign's path, and what its messages hold in `lane`."""


class LaunchedMessages:
    """Messages that are due, by campaign and lane, as they were created."""

    def __init__(self) -> None:
        self._lanes: OrderedDict[_Lane, list[Document]] = OrderedDict()
        self._held = 0
        self._filling: set[str] = set()

    @contextmanager
    def filling(self, campaign: "Campaign") -> Iterator[None]:
        """Let a campaign's lanes know that messages are being made."""
        path = paths.campaign(campaign.org, campaign.id)
        self._filling.add(path)
        try:
            yield
        finally:
            self._filling.discard(path)

    def is_filling(self, campaign: "Campaign") -> bool:
        """Tell whether a campaign's messages are being made, by this process."""
        return paths.campaign(campaign.org, campaign.id) in self._filling

    def give(
        self, campaign: "Campaign", lane: str, messages: Sequence[Document], *, most: int
    ) -> None:
        """Hand messages to a lane, as far as it does not hold `most` already."""
        key = paths.campaign(campaign.org, campaign.id), lane
        held = self._lanes.setdefault(key, [])
        self._lanes.move_to_end(key)
        fitting = messages[: max(0, most - len(held))]
        held += fitting
        self._held += len(fitting)
        while self._held > _MOST:
            _, dropped = self._lanes.popitem(last=False)
            self._held -= len(dropped)

    def take(self, campaign: "Campaign", lane: str) -> list[Document]:
        """Return and forget the messages that a lane was given."""
        taken = self._lanes.pop((paths.campaign(campaign.org, campaign.id), lane), [])
        self._held -= len(taken)
        return taken
