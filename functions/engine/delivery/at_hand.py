"""Messages at hand: how many a lane may have in memory, and which it is handed as they are made."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from functions.domain.campaigns.content import read_at_once, texts_of
from functions.domain.campaigns.send import Send
from functions.domain.messages.message import MessageStatus
from functions.engine.kernel.lanes import LaneLease
from functions.engine.ports.store import Document


def at_hand(send: Send, page: int) -> int:
    """Return how many messages a lane may have at hand: what can be sent within half a minute.

    At most `page`, and fewer of long ones.
    """
    page = read_at_once(texts_of(send), page)
    rate = send.rate_per_s
    return page if rate is None else min(page, max(50, int(rate * 30)))


def hand_over(
    lease: LaneLease, messages: Mapping[str, dict[str, Any]], versions: Sequence[int]
) -> None:
    """Leave new messages that are due to the lanes, where these are at work in this process.

    `messages` are given by path, and `versions` are those that they were created at.
    """
    now, campaign = lease.engine.clock.now(), lease.campaign
    due: defaultdict[str, list[Document]] = defaultdict(list)
    for (path, message), version in zip(messages.items(), versions, strict=False):
        if message["status"] == MessageStatus.PENDING and message["next_at"] <= now:
            due[message["lane"]].append(Document(path, version, message))
    most = at_hand(campaign.own_send, lease.engine.limits.dispatch_page)
    for lane, made in due.items():
        lease.engine.memory.launched.give(campaign, lane, made, most=most)
