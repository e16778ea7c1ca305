"""Messages at hand: how many a lane may have in memory, and which it is handed as they are made."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, Final

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.content import read_at_once, texts_of
from functions.domain.messages.message import MessageStatus
from functions.engine.campaigns.in_force import attainable_rate
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lanes import LaneLease
from functions.engine.ports.store import Document

#: As a query would give them: what is sent together then stands together in the store.
_BY_PATH: Final = attrgetter("path")
#: Of a plan, whose messages differ in length: as many as lie in memory if all were the longest.
_OF_A_PLAN: Final = 200


def at_hand(engine: Engine, campaign: Campaign) -> int:
    """Return how many messages a lane may have at hand: what can be sent within half a minute.

    At most a page, and fewer of long ones. In a campaign with a plan it is five seconds: while
    they are sent, nobody walks.
    """
    page = engine.limits.dispatch_page
    if campaign.plan:
        rates = [send.rate_per_s for send in campaign.routes if send.rate_per_s is not None]
        most = min(page, _OF_A_PLAN)
        return min(most, max(5, int(min(rates) * 5))) if rates else most
    page = read_at_once(texts_of(campaign.own_send), page)
    rate = attainable_rate(engine, campaign)
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
    most = at_hand(lease.engine, campaign)
    for lane, made in due.items():
        made.sort(key=_BY_PATH)
        lease.engine.memory.launched.give(campaign, lane, made, most=most)
