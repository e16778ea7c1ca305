"""Plans, and campaigns that are asked for with them."""

from collections.abc import Mapping
from typing import Any, Final

import httpx

from tests.api.rig import Rig

STOP: Final = {"id": "bye", "action": "stop"}
STEPS: Final = [{"id": "a", "offset": "P0D", "channel": "sms", "body": "One"}]


def send(id_: str = "hello", to: str = "bye", **more: Any) -> dict[str, Any]:
    """Return a node that sends a text and goes on after a day."""
    ways = [{"on": "elapsed", "to": to, "after": "P1D"}]
    return {
        "id": id_,
        "action": "send",
        "channel": "sms",
        "body": "Hi",
        "transitions": ways,
        **more,
    }


def plan(*nodes: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return a plan of these nodes and a stop, which begins at the first."""
    first = nodes or (send(),)
    return {"startNodeId": first[0]["id"], "nodes": [*first, STOP], **more}


def wish(document: Any = None, **more: Any) -> dict[str, Any]:
    """Return the body that asks for a journey."""
    return {"kind": "journey", "name": "Welcome", "plan": document or plan(), **more}


async def written(rig: Rig, document: Any = None, **more: Any) -> Any:
    """Write a journey; return what is answered."""
    answer = await rig.post("/campaigns", wish(document, **more))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def started(rig: Rig, document: Any = None, **more: Any) -> str:
    """Write a journey and start it; return its id."""
    id_: str = (await written(rig, document, **more))["id"]
    answer = await rig.post(f"/campaigns/{id_}/start")
    assert answer.status_code == 200, answer.text
    await rig.settle()
    return id_


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    """Return status, code and field of a refusal."""
    told = answer.json()
    return answer.status_code, told["code"], told.get("field", "")
