"""Campaigns of texts and mails in a storm."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tests.faults.rig.server import Server
from tests.faults.rig.storm import Storm
from tests.faults.rig.texts import TextCarrier
from tests.faults.rig.verdict import Text, TextEvidence

#: Slow enough to be struck in the middle.
_RATE_PER_S: Final = 20


def enlist(server: Server, people: Sequence[str], known_by: str) -> str:
    """Make contacts of people, and a list of the contacts; return its id."""
    contacts = [{known_by: address, "first_name": "Zoe"} for address in people]
    stored = server.post("/contacts/bulk", contacts=contacts)
    list_id = str(server.post("/lists", name=f"People by {known_by}")["id"])
    ids = [row["id"] for row in stored["results"]]
    assert server.post(f"/lists/{list_id}/contacts", contact_ids=ids)["added"] == len(people)
    return list_id


def messages(server: Server, campaign: str) -> Iterator[dict[str, Any]]:
    """Give what the store says of each person of a campaign, page by page, as Evidence has it."""
    cursor: str | None = ""
    while cursor is not None:
        page = server.get(f"/campaigns/{campaign}/messages?limit=40&cursor={quote(cursor)}")
        for row in page["data"]:
            yield {
                "message_id": row["id"],
                "number": row["to"],
                **{name: row[name] for name in ("status", "reason", "attempts", "node")},
            }
        cursor = page["next_cursor"]


@dataclass(kw_only=True)
class TextStorm(Storm):
    """Campaigns that are created, and asked after, over REST."""

    carrier: TextCarrier
    rate_per_s: float = _RATE_PER_S
    _list_id: str = ""

    def prepare(self) -> None:
        """Let the provider know where we are, and the server whom it is about."""
        self.carrier.call_back(self.server.url)
        self._list_id = enlist(self.server, self.people, self.carrier.known_by)

    def create(self, name: str, at: datetime | None) -> str:
        """Create a campaign that says something of its own: who looks it up must not mix it up."""
        body = {
            "name": name,
            "channel": self.carrier.channel,
            "base_template": f"{name}: hello {{first_name}}",
            "audience": {"list_id": self._list_id},
            "rate_per_s": self.rate_per_s,
            "scheduled_at": at.isoformat() if at else None,
            **self.carrier.content,
        }
        campaign = str(self.server.post("/campaigns", **body)["id"])
        if at is None:
            self.server.post(f"/campaigns/{campaign}/send")
        return campaign

    def planned(self, campaign: str) -> int:
        """Count its messages."""
        return sum(1 for _ in messages(self.server, campaign))

    def status(self, campaign: str) -> str:
        """Return how a campaign stands."""
        return str(self.server.get(f"/campaigns/{campaign}")["status"])

    def taken(self) -> Sequence[Text]:
        """Read the provider's book."""
        return self.carrier.texts()

    def evidence(self, campaign: str) -> TextEvidence:
        """Compare what REST tells with the provider's book."""
        texts = [text for text in self.carrier.texts() if text.campaign == campaign]
        rows = list(messages(self.server, campaign))
        return TextEvidence(frozenset(self.people), self.status(campaign), rows, texts)
