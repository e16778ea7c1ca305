"""What a node of a plan says is shown for a contact, and sent as a test."""

from typing import Any

import pytest

from tests.api.plans.plans import plan, refusal, send, started, written
from tests.api.rig import Rig

ANA = "+12125552001"
BOTH = plan(
    send(
        body="Hi {{ first_name }}",
        fallbacks=[
            {
                "channel": "email",
                "sender": "us@example.com",
                "subject": "Hi",
                "body": "Dear {{ first_name }}",
            }
        ],
    )
)


async def ana(rig: Rig) -> str:
    """Store Ana; return her id."""
    made = await rig.post("/contacts", {"phone": ANA, "first_name": "Ana"})
    id_: str = made.json()["id"]
    return id_


async def test_a_node_is_shown_as_it_would_be_sent(rig: Rig) -> None:
    """Its own send, and that of its fallback; in a campaign that runs, too."""
    who = await ana(rig)
    for id_ in ((await written(rig, BOTH))["id"], await started(rig, BOTH)):
        path = f"/campaigns/{id_}/personalized-preview"
        said = {"customer_id": who, "node": "hello"}
        own = (await rig.post(path, said)).json()
        other = (await rig.post(path, {**said, "fallback": 1})).json()
        assert own["rendered_message"] == "Hi Ana"
        assert (other["rendered_message"], other["subject"]) == ("Dear Ana", "Hi")


async def test_a_node_is_sent_as_a_test_and_nobody_walks(rig: Rig) -> None:
    """By the channel of the node, or of its fallback, as a campaign of its own."""
    who, id_ = await ana(rig), await started(rig, BOTH)
    path = f"/campaigns/{id_}/send-test"
    said = {"node": "hello", "customer_id": who}
    sent = [
        await rig.post(path, {**said, "phones": ["+12125552009"]}),
        await rig.post(path, {**said, "fallback": 1, "emails": ["me@example.com"]}),
    ]
    await rig.settle()
    bodies = []
    for answer in sent:
        assert answer.status_code == 200, answer.text
        (told,) = answer.json()["messages"]
        message = (await rig.get(f"/messages/{told['message_id']}")).json()
        bodies.append((message["channel"], message["body"], message["status"]))
    assert [each[:2] for each in bodies] == [("sms", "Hi Ana"), ("email", "Dear Ana")]
    assert all(status != "pending" for *_, status in bodies)
    assert (await rig.get(f"/campaigns/{id_}")).json()["walks"]["active"] == 0


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({}, "node", "node: is required; a journey says what its nodes say, such as 'hello'"),
        ({"node": "nowhere"}, "node", "the plan has no node 'nowhere'"),
        ({"node": "bye"}, "node", "'bye' sends nothing"),
        ({"node": "hello", "fallback": 2}, "fallback", "'hello' has 1 of them"),
        ({"node": "hello", "emails": ["a@example.com"]}, "emails", "is tested with phones"),
    ],
)
async def test_what_cannot_be_tried_is_told(
    rig: Rig, said: dict[str, Any], field: str, words: str
) -> None:
    """Nothing is sent, and the sentence says what is wrong with which member."""
    id_ = (await written(rig, BOTH))["id"]
    to = {} if "emails" in said else {"phones": [ANA]}
    answer = await rig.post(f"/campaigns/{id_}/send-test", {**to, **said})
    assert refusal(answer) == (400, "INVALID_FIELD", field)
    assert words in answer.json()["detail"]


async def test_a_broadcast_has_no_node(rig: Rig) -> None:
    """A node, or a fallback, of one is refused by name."""
    made = await rig.post("/campaigns", {"channel": "sms", "base_template": "Hi"})
    path = f"/campaigns/{made.json()['id']}/send-test"
    for said, field in (({"node": "hello"}, "node"), ({"fallback": 1}, "fallback")):
        answer = await rig.post(path, {"phones": [ANA], **said})
        assert refusal(answer) == (400, "INVALID_FIELD", field)
