"""An organisation that has one of everything, for tests that try what others can do with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Inbound, MessageRef
from functions.domain.notifications.events import EventType
from functions.engine.receipts.inbound import receive_inbound
from functions.engine.receipts.orphans import receive_or_keep
from tests.api.rig import BOT, SENDER, Rig

TOMORROW: Final = "2026-03-03T12:00:00Z"
#: Nothing listens there: what is to be told is refused at once, and kept.
NOWHERE: Final = "http://127.0.0.1:9"


@dataclass
class Things:
    """What an organisation has: by kind, the ids; and every word that is nobody else's."""

    org: str
    name: str  #: stands in every name and text that it has given
    numbers: tuple[str, ...]
    ids: dict[str, list[str]] = field(default_factory=dict)

    @property
    def marks(self) -> frozenset[str]:
        """What nobody outside may ever be shown."""
        return frozenset(
            {self.name, *self.numbers, *(id_ for ids in self.ids.values() for id_ in ids)}
        )


class Maker:
    """Makes one of everything over HTTP, as the caller whose headers it is given."""

    def __init__(self, rig: Rig, things: Things, headers: Mapping[str, str]) -> None:
        self.things = things
        self._rig = rig
        self._headers = dict(headers)

    async def make(self) -> Things:
        """Make everything; what is due is done."""
        await self._make_settings()
        await self._make_people()
        await self._make_texts()
        await self._make_campaigns()
        await self._rig.settle()
        await self._hear_from_people()
        await self._read(
            "notification", f"/subscriptions/{self._one('subscription')}/notifications"
        )
        await self._read("message", f"/campaigns/{self._one('campaign', 3)}/messages")
        return self.things

    async def _make_settings(self) -> None:
        await self._ask("PATCH", "/settings", json={"senders": {"sms": self.things.numbers[4]}})
        hook = {"url": f"{NOWHERE}/{self.things.name}", "events": list(EventType)}
        await self._post("subscription", "/subscriptions", hook)
        await self._post("key", "/api-keys", {"name": self.things.name, "role": "viewer"})

    async def _make_people(self) -> None:
        for number in self.things.numbers[:2]:
            person = {"phone": number, "first_name": self.things.name}
            await self._post("contact", "/contacts", person)
        await self._post("list", "/lists", {"name": self.things.name})
        people = {"contact_ids": self.things.ids["contact"]}
        await self._ask("POST", f"/lists/{self._one('list')}/contacts", json=people)
        file = {"file": (f"{self.things.name}.csv", f"number\n{self.things.numbers[2]}\n")}
        listed = await self._ask(
            "POST", "/upload-csv", files=file, data={"listName": f"{self.things.name} by file"}
        )
        self._note("list", listed["listId"])
        imported = await self._ask("POST", "/contacts/imports", files=file)
        self._note("import", imported["id"])
        suppressed = {"phone": self.things.numbers[3], "reason": self.things.name}
        await self._post("suppression", "/suppressions", suppressed)
        condition = {"field": "first_name", "op": "eq", "value": self.things.name}
        segment = {"name": self.things.name, "conditions": condition}
        await self._post("segment", "/segments", segment)

    async def _make_texts(self) -> None:
        words = {"name": self.things.name, "text": f"{self.things.name} says hello"}
        await self._post("template", "/templates", words)
        changed = {**words, "text": f"{self.things.name} says goodbye"}
        await self._ask("PUT", f"/templates/{self._one('template')}", json=changed)

    async def _make_campaigns(self) -> None:
        """Make a draft, and campaigns that are scheduled, paused and completed, in this order."""
        written = {
            "name": self.things.name,
            "channel": ChannelKind.SMS,
            "base_template": f"{self.things.name} calls",
            "audience": {"list_id": self._one("list")},
        }
        await self._post("campaign", "/campaigns", written)
        await self._post("campaign", "/campaigns", {**written, "scheduled_at": TOMORROW})
        for steps in (("send", "pause"), ("send",)):
            await self._post("campaign", "/campaigns", written)
            for step in steps:
                await self._ask("POST", f"/campaigns/{self._one('campaign', -1)}/{step}", json={})
        weekly = {"rrule": "FREQ=WEEKLY;BYHOUR=9;BYMINUTE=0", "zone": "America/New_York"}
        await self._post("run", "/campaigns", {**written, "repeat": weekly})
        await self._make_journey()
        call = {"from": SENDER, "to": self.things.numbers[0], "wssUrl": BOT}
        called = await self._ask("POST", "/single-call", json=call)
        self._note("campaign", called["campaignId"])

    async def _make_journey(self) -> None:
        """Make a journey that people of the list are to enter."""
        says = f"{self.things.name} walks"
        ways = [{"on": "elapsed", "to": "bye", "after": "P1D"}]
        said = {"channel": ChannelKind.SMS, "body": says, "transitions": ways}
        hello = {"id": "hello", "action": "send", **said}
        plan = {"startNodeId": "hello", "nodes": [hello, {"id": "bye", "action": "stop"}]}
        wish = {"kind": "journey", "name": self.things.name, "plan": plan}
        entry = {"by": "list", "list_id": self._one("list")}
        await self._post("journey", "/campaigns", {**wish, "entry": entry})
        await self._post("walked", "/campaigns", wish)
        walked = f"/campaigns/{self._one('walked')}"
        await self._ask("POST", f"{walked}/start")
        somebody = {"contact_id": self._one("contact")}
        entered = await self._ask("POST", f"{walked}/enrollments", json={"subjects": [somebody]})
        self._note("enrollment", entered["results"][0]["id"])

    async def _hear_from_people(self) -> None:
        """Let a carrier tell of a text, and of a message that we do not have."""
        engine, org, now = self._rig.stack.engine, self.things.org, self._rig.clock.now()
        words = f"{self.things.name} writes back"
        text = Inbound(self.things.name, self.things.numbers[0], SENDER, words, now)
        await receive_inbound(engine, org, "simulator", text)
        await self._read("inbound", "/inbound")
        ref = MessageRef(org, f"{self.things.name}-c", "m")
        await receive_or_keep(engine, DeliveryEvent("e", ref, 1, EventKind.SENT, now))
        await self._read("stray", "/receipts/strays")

    async def _post(self, kind: str, path: str, body: Any) -> None:
        made = await self._ask("POST", path, json=body)
        self._note(kind, made["id"])

    async def _read(self, kind: str, path: str) -> None:
        found = await self._ask("GET", path)
        for each in found["data"]:
            self._note(kind, each["id"])

    async def _ask(self, method: str, path: str, **sent: Any) -> Any:
        answer = await self._rig.http.request(method, path, headers=self._headers, **sent)
        assert answer.is_success, (path, answer.text)
        return answer.json()

    def _note(self, kind: str, id_: str) -> None:
        self.things.ids.setdefault(kind, []).append(id_)

    def _one(self, kind: str, index: int = 0) -> str:
        return self.things.ids[kind][index]


async def make_everything(rig: Rig, org: str, *, area: int, **headers: str) -> Things:
    """Make one of everything, as the caller of these headers, for people who live in `area`."""
    numbers = tuple(f"+1{area}555{n}" for n in range(2000, 2005))
    return await Maker(rig, Things(org, org.title(), numbers), headers).make()
