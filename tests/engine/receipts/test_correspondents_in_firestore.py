"""Who writes to us is found over Firestore's own rules, in its emulator."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest

from functions.domain.contacts.suppressions import ALL
from functions.domain.messages.delivery_events import Inbound, MessageRef
from functions.domain.messages.ids import alias_key
from functions.domain.messages.message import MessageStatus
from functions.engine import paths
from functions.engine.contacts.suppressions import barred_scopes
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Create
from functions.engine.receipts.inbound import receive_inbound
from functions.stores.firestore.store import FirestoreStore
from tests.engine.world import INDEXES, SENDER, World

OURS, THEIRS = "+525512345678", "+447911123456"


@pytest.fixture
async def engine(firestore_emulator: str) -> AsyncIterator[Engine]:
    """Give an engine over the emulator."""
    store = FirestoreStore.connect(
        "demo-clarion", emulator_host=firestore_emulator, indexes=INDEXES
    )
    async with World() as world:
        yield replace(world.engine, store=store)
    await store.close()


@pytest.mark.parametrize(
    ("named", "answers", "is_ours"),
    [
        ("5215512345678", "", True),
        (THEIRS, "", True),
        ("+12025550142", "wamid.1", True),
        ("", "wamid.1", True),
        ("+12025550142", "", False),
    ],
)
async def test_a_stop_bars_the_person_by_whatever_the_provider_names(
    engine: Engine, named: str, answers: str, *, is_ours: bool
) -> None:
    """By the plan, by the number that it told, or by the message that is answered."""
    org, now = f"org-{uuid4().hex[:12]}", engine.clock.now()
    message = {
        "address": OURS,
        "status": MessageStatus.SENT,
        "quotable_id": f"{org}-wamid.1",
        "alias": alias_key(org, THEIRS),
        "created_at": now,
        "sent_at": now,
    }
    await engine.store.commit(Create(paths.message(MessageRef(org, "c", "m")), message))
    quoted = f"{org}-{answers}" if answers else ""
    text = Inbound("in-1", "", SENDER, "STOP", now, named, quoted)
    await receive_inbound(engine, org, "whatsapp", text)
    assert await barred_scopes(engine, org, OURS) == ({ALL} if is_ours else set())
