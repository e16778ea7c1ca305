"""How many messages a lane may have in memory."""

from functions.domain.campaigns.content import read_at_once, texts_of
from functions.domain.campaigns.send import Send


def at_hand(send: Send, page: int) -> int:
    """Return how many messages a lane may have at hand: what can be sent within half a minute.

    At most `page`, and fewer of long ones.
    """
    page = read_at_once(texts_of(send), page)
    rate = send.rate_per_s
    return page if rate is None else min(page, max(50, int(rate * 30)))
