"""What the API tells of campaigns, days and people is the same over Firestore as over SQLite."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import pytest

from functions.engine.messages import tallies
from functions.engine.scheduling import delivery_days
from tests.api.campaigns.test_listing import scheduled, stop
from tests.api.campaigns.writing import write
from tests.api.conftest import MakeRig
from tests.api.plans.plans import STEPS
from tests.api.rig import SENDER, Rig, numbers

NOW = "scheduled_from=2026-03-02T12:00:00Z&scheduled_before=2026-03-05T12:00:00Z"
DAY = "outcome_from=2026-03-02&outcome_to=2026-03-02"
DAILY = {"rrule": "FREQ=DAILY;BYHOUR=9;BYMINUTE=0", "zone": "America/New_York", "count": 4}
#: Each query with the filters and orders that it goes with; the names of `fill` stand for ids.
ASKED = (
    *("/campaigns/sent/progress", "/campaigns/sent/timeline", "/campaigns/sent/reasons"),
    *("/campaigns/draft/audience", "/calendar", "/calendar?from=2026-02-01&zone=Asia/Tokyo"),
    *(f"/campaigns?{NOW}", f"/campaigns?{NOW}&sort=-scheduled_at&page_size=1"),
    *(f"/campaigns?{NOW}&status=scheduled", f"/campaigns?{NOW}&channel=sms"),
    f"/campaigns?{NOW}&status=scheduled&channel=sms&sort=-scheduled_at",
    *("/campaigns?needs_attention=true", "/campaigns?needs_attention=true&channel=sms"),
    "/campaigns?needs_attention=true&kind=broadcast&status=paused&channel=sms",
    *(
        "/campaigns?needs_attention=true&kind=sequence",
        "/campaigns?needs_attention=true&status=failed",
    ),
    *("/campaigns/counts", "/campaigns/counts?kind=sequence", "/lists/people/campaigns"),
    *("/delivery", "/delivery?from=2026-02-25&to=2026-03-02&channel=sms", "/delivery?provider=no"),
    *("/messages?channel=sms", "/messages?outcome=sent&sender=%2B12025550111"),
    *(f"/messages?outcome=delivered&{DAY}", "/messages?reason=opted_out&outcome=skipped"),
    "/messages?outcome=failed&provider=simulator-texts&channel=sms&limit=1",
    *("/contacts/person/reach", "/contacts/person/lists", "/contacts/person/segments"),
)

#: What no two runs have alike: where a page ends, seconds, and the carrier's luck.
_OWN: Final = frozenset({"next_cursor", "lateness", "per_s", "over_s", "attempts"})
_OWN_TEXT: Final = re.compile(r"[0-9a-f]{24,}|(?<=T\d\d:\d\d):\d\d\.\d{3}(?=Z)")


async def fill(rig: Rig) -> dict[str, str]:
    """Make campaigns of each kind, some at work, some over; return ids by name."""
    people = await rig.make_list(numbers(3))
    await rig.post("/suppressions", {"phone": numbers(1)[0], "reason": "asked", "scope": "all"})
    to = {"audience": {"list_id": people}, "sender": SENDER}
    ids = {"people": people, "draft": (await write(rig, name="Draft", **to))["id"]}
    phone = numbers(1)[0].replace("+", "%2B")
    ids["person"] = (await rig.get(f"/contacts?phone={phone}")).json()["data"][0]["id"]
    named = (await write(rig, name="Named", base_template="Hi", sender=SENDER))["id"]
    only = {"customer_ids": [ids["person"]]}  # among members as well, of no list
    assert (await rig.post(f"/campaigns/{named}/send", only)).is_success
    await rig.run(named)
    for name in ("sent", "stopped"):
        ids[name] = (await write(rig, name=name, base_template="Hi", **to))["id"]
        assert (await rig.post(f"/campaigns/{ids[name]}/send", {})).is_success
        if name == "stopped":
            await stop(rig, ids[name], "too_many_failed")
        await rig.run(ids[name]) if name == "sent" else await rig.settle()
    ids |= {f"c{n}": await scheduled(rig, f"C{n}", days=n) for n in (1, 2)}
    ids["run"] = (await write(rig, name="Daily", repeat=DAILY, **to))["id"]
    steps = [{**STEPS[0], "offset": "P2D"}, {**STEPS[0], "id": "b", "offset": "P9D"}]
    entry = {"by": "list", "list_id": people}
    body = {"kind": "sequence", "name": "Welcome", "steps": steps, "entry": entry}
    ids["walked"] = (await rig.post("/campaigns", body)).json()["id"]
    assert (await rig.post(f"/campaigns/{ids['walked']}/start")).is_success
    await rig.settle()
    return ids


async def told(rig: Rig, ids: dict[str, str]) -> dict[str, Any]:
    """Ask for everything; return the answers with names instead of ids."""
    answers = {}
    for path in ASKED:
        asked = re.sub(r"(?<=s/)(sent|draft|people|person)(?=/)", lambda name: ids[name[0]], path)
        answer = await rig.get(asked)
        assert answer.status_code == 200, (path, answer.text)
        names = {id_: name for name, id_ in ids.items()}
        answers[path] = plain(answer.json(), names)
        # What is of one moment, or of one campaign, stands in the order of ids.
        for rows in (answers[path].get("entries"), answers[path].get("data")):
            if rows and "page_size" not in path:
                rows.sort(key=lambda each: json.dumps(each, sort_keys=True))
    return answers


def plain(value: Any, names: Mapping[str, str]) -> Any:
    """Return what is told without what is one run's own; names stand for ids."""
    if isinstance(value, dict):
        return {name: plain(each, names) for name, each in value.items() if name not in _OWN}
    if isinstance(value, list):
        return [plain(each, names) for each in value]
    return names.get(value, _OWN_TEXT.sub("", value)) if isinstance(value, str) else value


@pytest.mark.slow
async def test_figures_are_the_same_in_both_stores(
    make_rig: MakeRig, firestore_emulator: str
) -> None:
    """Of what runs, is due, needs somebody, and was counted: before and after days were moved."""
    url = f"firestore://demo-figures-{uuid4().hex[:8]}"
    rigs = [make_rig(), make_rig(store_url=url, firestore_emulator_host=firestore_emulator)]
    seen: list[Any] = []
    for rig in rigs:
        ids = await fill(rig)
        answers = [await told(rig, ids)]
        await rig.clock.sleep((tallies.TIERS[0] + timedelta(minutes=15)).total_seconds())
        await delivery_days.move(rig.stack.engine)
        await rig.settle()  # receipts come late
        answers.append(await told(rig, ids))
        total = answers[1]["/delivery"]["total"]
        assert (total["sent"], total["delivered"], total["skipped"]) == (2, 2, 2)
        seen.append(answers)
    for of_sqlite, of_firestore in zip(*seen, strict=True):
        for path in ASKED:
            assert of_firestore[path] == of_sqlite[path], path
