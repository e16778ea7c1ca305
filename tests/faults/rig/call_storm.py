"""Campaigns of calls in a storm."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tests.faults.rig.carriers import NO_ANSWER_URL, Carrier
from tests.faults.rig.server import Server
from tests.faults.rig.storm import Storm
from tests.faults.rig.verdict import Call, CallEvidence, Evidence

SENDER: Final = "+12025550001"


def upload(server: Server, people: list[str]) -> str:
    """Upload people, some of them twice, and return the list's id."""
    rows = [*people, *people[::7], "not a number"]
    uploaded = server.upload("\n".join(["number", *rows]).encode(), "People")
    left_out = (uploaded["duplicates"], uploaded["invalid"])
    assert (uploaded["imported"], *left_out) == (len(people), len(people[::7]), 1)
    return str(uploaded["listId"])


def create(server: Server, list_id: str, name: str, bot: str, **more: Any) -> str:
    """Create a campaign and return its id."""
    body = {"campaignName": name, "listId": list_id, "fromNumber": SENDER, "wssUrl": bot, **more}
    return str(server.post("/create-campaign", **body)["campaignId"])


@dataclass(kw_only=True)
class CallStorm(Storm):
    """Campaigns that the calling functions create."""

    carrier: Carrier
    bot: str = ""
    resumed: int = 0  #: campaigns that stopped themselves, as we could not answer the carrier
    _list_id: str = ""

    def prepare(self) -> None:
        """Upload the people."""
        self._list_id = upload(self.server, self.people)

    def create(self, name: str, at: datetime | None) -> str:
        """Create a campaign."""
        more = {"scheduledTime": at.isoformat()} if at else {}
        return create(self.server, self._list_id, name, self.bot, **more)

    def planned(self, campaign: str) -> int:
        """Count its messages by their statuses."""
        return sum(self._progress(campaign)["statistics"]["byStatus"].values())

    def status(self, campaign: str) -> str:
        """Return how a campaign stands."""
        return str(self._progress(campaign)["status"])

    def taken(self) -> Sequence[Call]:
        """Read the carrier's book."""
        return self.carrier.calls()

    def attend(self) -> None:
        """Resume what has stopped itself, once the answer URL is up again."""
        for campaign in self.campaigns:
            progress = self._progress(campaign)
            if progress["status"] == "paused" and progress["reason"] == f"provider_{NO_ANSWER_URL}":
                self.server.post("/resume-campaign", campaignId=campaign)
                self.resumed += 1

    def evidence(self, campaign: str) -> CallEvidence:
        """Compare the report with the carrier's book."""
        calls = [call for call in self.carrier.calls() if call.campaign == campaign]
        rows = list(self.server.report(campaign))
        return CallEvidence(frozenset(self.people), self.status(campaign), rows, calls)

    def figures(self, evidence: Sequence[Evidence[Any]]) -> dict[str, int]:
        """Add how often an operator was needed."""
        return {**super().figures(evidence), "resumed": self.resumed}

    def _progress(self, campaign: str) -> dict[str, Any]:
        return self.server.get(f"/campaign-progress/{campaign}")
