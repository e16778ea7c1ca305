"""A tour of text campaigns over REST, and what must never happen on the way: one idea a test.

Told elsewhere, each in the place of what keeps it:
tests/engine/delivery/test_crashes.py: a death at any moment sends nothing twice,
    forgets nobody.
tests/engine/delivery/test_texts.py: receipts late, twice or in any order move nothing back.
tests/engine/campaigns/test_drafts.py: sending twice at once, nobody to send to, only
    drafts are changed.
tests/api/campaigns/test_campaigns.py: pages that there are not, times with zones, fourteen
    days at most.
tests/api/contacts/test_contacts.py: one number in two spellings, and what is no number.
"""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.channels.simulator.texts import PROVIDER, SimulatedTexts
from functions.engine import paths
from functions.engine.ports.store import Query, StoreError
from tests.engine.interleaving import InterleavingStore
from tests.walkthrough.laptop import Laptop

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)

ANN, BOB, CAT = "+12125550001", "+12125550002", "+12125550003"
HELLO = {"name": "Hello", "channel": "sms", "base_template": "Hello {first_name}!"}
#: A text is taken at once, and arrives five seconds later.
CALM = "spread=0,text_latency_ms=0,delivery_ms=5000,rejected=0"


class Desk(Laptop):
    """What somebody does with text campaigns."""

    async def do(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        """Ask for something that is answered with this status."""
        answer = await self._http.request(method, path, json=body)
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    async def person(self, phone: str, name: str = "Ann") -> str:
        """Create a contact; return its id."""
        body = {"phone": phone, "firstname": name}
        return str((await self.do("POST", "/customers", body, expect=201))["id"])

    async def write(self, **fields: Any) -> str:
        """Write a campaign; return its id."""
        made = await self.do("POST", "/campaigns", {**HELLO, **fields}, expect=201)
        return str(made["id"])

    async def send(self, **wanted: Any) -> str:
        """Write a campaign and send it; return its id."""
        id_ = await self.write()
        await self.do("POST", f"/campaigns/{id_}/send", wanted)
        return id_

    async def see(self, campaign: str) -> Any:
        """Look at a campaign."""
        return await self.do("GET", f"/campaigns/{campaign}")

    async def messages(self, campaign: str) -> dict[str, Any]:
        """Return a campaign's messages by address."""
        found = await self.do("GET", f"/campaigns/{campaign}/messages")
        return {each["to"]: each for each in found["data"]}

    def break_next_commit(self) -> None:
        """Have the store fail once."""

        async def fail() -> None:
            raise StoreError("the disk is full")

        store = InterleavingStore(
            self.engine.store, lambda operation, _: operation == "commit", fail
        )
        app = self._stack.app._app
        app.state.context = replace(app.state.context, engine=replace(self.engine, store=store))

    @property
    def texted(self) -> Counter[str]:
        """How many texts the carrier has taken for each number, by its own book."""
        carrier = self.engine.channels[PROVIDER]
        assert isinstance(carrier, SimulatedTexts)
        return Counter(text.to for text in carrier.ledger.texts)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Give a laptop whose texts arrive after five seconds."""
    async with Desk(tmp_path, simulator_script=CALM) as opened:
        yield opened


# --- Writing and scheduling ------------------------------------------------------------------


async def test_a_campaign_without_a_name_has_one_all_the_same(desk: Desk) -> None:
    """Where no name is given it is "Untitled campaign"; two may be called so."""
    made = [await desk.do("POST", "/campaigns", {"channel": "sms"}, expect=201) for _ in range(2)]
    assert [each["name"] for each in made] == ["Untitled campaign", "Untitled campaign"]


async def test_a_scheduled_text_leaves_at_its_time_and_not_before(desk: Desk) -> None:
    """Scheduled over HTTP, it waits with its people named, and leaves on its second."""
    ann = await desk.person(ANN)
    at = (desk.clock.now() + MINUTE).isoformat()
    id_ = await desk.write()
    await desk.do("POST", f"/campaigns/{id_}/schedule", {"scheduled_at": at})
    added = await desk.do("POST", f"/campaigns/{id_}/send", {"customer_ids": [ann]})
    assert added == {"campaign_id": id_, "messages_queued": 1, "status": "scheduled"}
    await desk.pass_time(MINUTE - SECOND)
    assert not desk.texted
    await desk.pass_time(SECOND)
    assert desk.texted == {ANN: 1}


async def test_how_far_ahead_it_may_be_is_a_setting(tmp_path: Path) -> None:
    """Fourteen days, unless the deployment says otherwise."""
    async with Desk(tmp_path, schedule_ahead_days=1) as desk:
        for hours, expect in ((24, 201), (25, 400)):
            at = (desk.clock.now() + timedelta(hours=hours)).isoformat()
            await desk.do("POST", "/campaigns", {**HELLO, "scheduled_at": at}, expect=expect)


async def test_a_text_that_is_cancelled_in_time_reaches_nobody(desk: Desk) -> None:
    """The task that was to start it still comes, and finds that it is not to."""
    ann = await desk.person(ANN)
    id_ = await desk.write(scheduled_at=(desk.clock.now() + MINUTE).isoformat())
    await desk.do("POST", f"/campaigns/{id_}/send", {"customer_ids": [ann]})
    await desk.do("POST", f"/campaigns/{id_}/cancel")
    await desk.pass_time(2 * MINUTE)
    assert ((await desk.see(id_))["status"], desk.texted) == ("cancelled", {})


# --- Who gets what ---------------------------------------------------------------------------


async def test_nobody_is_lost_behind_the_ten_thousandth(desk: Desk) -> None:
    """However many they are, each of them has a message: here they wait for the night to end."""
    numbers = [f"+1212{area}{n:04d}" for area in ("555", "556") for n in range(5250)]
    await desk.do("PATCH", "/settings", {"quiet_hours": {"start": "21:00", "end": "09:00"}})
    listed = await desk.upload("number\n" + "\n".join(numbers))
    id_ = await desk.send(list_id=listed["listId"])
    await desk.settle()
    stats = (await desk.see(id_))["stats"]
    assert stats["total"] == stats["pending"] == len(numbers) == 10_500
    assert (await desk.do("GET", "/status"))["messages"]["pending"] == 10_500


async def test_a_name_that_looks_like_a_placeholder_is_a_name(desk: Desk) -> None:
    """The text that was really sent is kept with the message, whatever its contact says later."""
    odd = await desk.person(ANN, "{phone}")
    id_ = await desk.send(customer_ids=[odd])
    await desk.pass_time(MINUTE)
    await desk.do("PATCH", f"/contacts/{odd}", {"first_name": "Ann"})
    message = (await desk.messages(id_))[ANN]["id"]
    assert (await desk.do("GET", f"/messages/{message}"))["body"] == "Hello {phone}!"


async def test_an_opt_out_that_fails_is_not_taken_for_done(desk: Desk) -> None:
    """Where it could not be stored it is not confirmed; repeated, it holds from then on."""
    ann, bob = await desk.person(ANN), await desk.person(BOB, "Bob")
    stop = {"phone": ANN, "reason": "STOP"}
    desk.break_next_commit()
    await desk.do("POST", "/suppressions", stop, expect=503)
    for _ in range(2):
        await desk.do("POST", "/suppressions", stop, expect=201)
    id_ = await desk.send(customer_ids=[ann, bob])
    await desk.pass_time(MINUTE)
    assert desk.texted == {BOB: 1}
    assert (await desk.messages(id_))[ANN]["reason"] == "suppressed"


async def test_whoever_opts_out_while_it_waits_is_left_out(desk: Desk) -> None:
    """Who must not be contacted is looked at again when it is sent, not only when it is planned."""
    ids = [await desk.person(phone) for phone in (ANN, BOB, CAT)]
    id_ = await desk.send(customer_ids=ids)
    await desk.do("POST", f"/campaigns/{id_}/pause")
    await desk.do("POST", "/suppressions", {"phone": CAT, "reason": "STOP"}, expect=201)
    await desk.do("POST", f"/campaigns/{id_}/resume")
    await desk.pass_time(MINUTE)
    assert desk.texted == {ANN: 1, BOB: 1}
    assert (await desk.messages(id_))[CAT]["reason"] == "suppressed"


# --- What becomes of it ----------------------------------------------------------------------


async def test_delivered_is_what_receipts_say(desk: Desk) -> None:
    """A text that was taken is sent; delivered is only what has arrived."""
    id_ = await desk.send(customer_ids=[await desk.person(ANN)])
    await desk.settle()
    stats = (await desk.see(id_))["stats"]
    assert (stats["total"], stats["sent"], stats["delivered"]) == (1, 1, 0)
    await desk.pass_time(5 * SECOND)
    stats = (await desk.see(id_))["stats"]
    assert (stats["total"], stats["sent"], stats["delivered"]) == (1, 1, 1)


async def test_a_campaign_that_was_sent_says_so(desk: Desk) -> None:
    """It is completed, found as `sent`, and can be neither sent again nor cancelled any more."""
    ann = await desk.person(ANN)
    id_ = await desk.send(customer_ids=[ann])
    await desk.pass_time(MINUTE)
    assert (await desk.see(id_))["status"] == "completed"
    found = await desk.do("GET", "/campaigns?status=sent")
    assert [each["id"] for each in found["data"]] == [id_]
    for step, body in (("send", {"customer_ids": [ann]}), ("cancel", None)):
        refused = await desk.do("POST", f"/campaigns/{id_}/{step}", body, expect=400)
        assert refused["code"] == "INVALID_CAMPAIGN_STATUS"
    assert desk.texted == {ANN: 1}


async def test_a_task_that_is_delivered_again_sends_nothing_again(desk: Desk) -> None:
    """Queues deliver at least once: whichever task comes again finds its work done."""
    id_ = await desk.send(customer_ids=[await desk.person(ANN), await desk.person(BOB)])
    await desk.pass_time(MINUTE)
    before = (await desk.see(id_))["stats"]
    about = {"org": "default", "campaign": id_}
    await desk.do("POST", "/tasks/run", {"kind": "start", "body": about})
    lanes = await desk.engine.store.query(Query(f"{paths.campaign('default', id_)}/lanes"))
    assert {"launch", "0"} <= {lane.id for lane in lanes}
    for lane in lanes:
        task = {"kind": "lane", "body": {**about, "lane": lane.id}}
        await desk.do("POST", "/tasks/run", task)
    await desk.pass_time(MINUTE)
    assert desk.texted == {ANN: 1, BOB: 1}
    assert (await desk.see(id_))["stats"] == before


async def test_a_campaign_that_reached_nobody_is_failed_by_the_poll(tmp_path: Path) -> None:
    """Once every receipt says that nothing arrived, the next count turns sent into failed."""
    script = f"{CALM},undelivered=1"
    async with Desk(tmp_path, simulator_script=script) as desk:
        id_ = await desk.send(customer_ids=[await desk.person(ANN), await desk.person(BOB)])
        await desk.pass_time(6 * SECOND)
        assert (await desk.see(id_))["status"] == "completed"
        await desk.pass_time(MINUTE)
        seen = await desk.see(id_)
        assert (seen["status"], seen["reason"]) == ("failed", "every_message_failed")
        assert seen["stats"]["failed"] == 2


async def test_a_campaign_that_reached_somebody_stays_sent(desk: Desk) -> None:
    """Some who were not reached do not make a campaign a failed one."""
    await desk.do("POST", "/suppressions", {"phone": BOB, "reason": "STOP"}, expect=201)
    id_ = await desk.send(customer_ids=[await desk.person(ANN), await desk.person(BOB)])
    await desk.pass_time(31 * MINUTE)
    seen = await desk.see(id_)
    assert (seen["status"], seen["stats"]["skipped"]) == ("completed", 1)


async def test_a_test_leaves_its_draft_alone_and_no_work_behind(desk: Desk) -> None:
    """It reaches the number, also a suppressed one; the draft stays one, with nobody in it."""
    await desk.do("POST", "/suppressions", {"phone": ANN, "reason": "STOP"}, expect=201)
    id_ = await desk.write()
    sent = await desk.do("POST", f"/campaigns/{id_}/send-test", {"phones": [ANN]})
    await desk.pass_time(MINUTE)
    assert desk.texted == {ANN: 1}
    test = sent["messages"][0]["campaign_id"]
    assert [(await desk.see(each))["status"] for each in (id_, test)] == ["draft", "completed"]
    assert (await desk.progress(test))["health"]["trouble"] is None
