"""Results: what came of handing messages over is recorded, whatever has come in between.

A message is written once for its handing over and its result. A receipt may have been faster: it
has told of the handing over then, and the result adds what it knows more.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.fallbacks import receipt_patience
from functions.domain.campaigns.send import Send
from functions.domain.messages.attempts import after_send, claim, merge_late_answer
from functions.domain.messages.message import (
    Changes,
    Message,
    MessageStatus,
    changed,
    message_from,
)
from functions.domain.messages.send_outcomes import SendOutcome
from functions.engine import paths
from functions.engine.campaigns.lifecycle import load
from functions.engine.delivery import answers
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine
from functions.engine.messages.changes import commit_changes, record
from functions.engine.notifications.outbox import Decision, modify_with_notices
from functions.engine.ports.store import ConflictError, Document


class Result(NamedTuple):
    """What came of handing over a message, which is given as it was before and as it was handed."""

    before: Versioned[Message]
    claimed: Changes
    handed: Message
    outcome: SendOutcome


async def as_they_were(
    engine: Engine, campaign: Campaign, messages: Sequence[Versioned[Message]]
) -> set[str]:
    """Return the ids of those messages that nobody has changed since they were read."""
    collection = paths.messages(campaign.org, campaign.id)
    found = await engine.store.get_many([f"{collection}/{each.value.id}" for each in messages])
    versions = {document.id: document.version for document in found if document}
    return {each.value.id for each in messages if versions.get(each.value.id) == each.version}


class Results:
    """Records the results of one send's messages."""

    def __init__(self, engine: Engine, campaign: Campaign, send: Send) -> None:
        self._engine = engine
        self._campaign = campaign
        self._holds_live_call = engine.traits(send).holds_live_call

    async def record(self, results: Sequence[Result], until: datetime) -> None:
        """Record results of messages that were claimed `until` then; also without the lane.

        What was sent was sent.
        """
        engine, campaign, left = self._engine, self._campaign, list(results)
        about = (campaign.org, campaign.id)
        by = partial(engine.memory.joint_commits.now, about, engine.store)
        while left:
            now = engine.clock.now()  # one instant for all: they are counted together
            decided = [(result.before, self._of(result, now)) for result in left]
            try:
                await commit_changes(engine, campaign, decided, by=by)
                break
            except ConflictError:
                left = await self._record_moved(left, until)

    def _of(self, result: Result, now: datetime) -> Changes:
        """Return what a message's handing over and its result change where nothing came between."""
        return {**result.claimed, **self._after(result.handed, result.outcome, now)}

    def _after(self, message: Message, outcome: SendOutcome, now: datetime) -> Changes:
        policy = self._engine.policy
        patience = receipt_patience(self._campaign, message, policy)
        watch = policy.look_up_after if self._holds_live_call else patience
        changes = after_send(message, outcome, policy, watch=watch, now=now)
        if answers.is_plain(outcome):
            return changes
        return {**changes, **answers.alias_told(self._campaign.org, message, outcome)}

    async def _record_moved(self, results: Sequence[Result], until: datetime) -> list[Result]:
        """Record the results of messages that are no more as they were; return the others.

        Where all are as they were something else has changed, and each is recorded for itself.
        """
        before = [result.before for result in results]
        same = await as_they_were(self._engine, self._campaign, before)
        moved = [result for result in results if result.before.value.id not in same]
        for result in moved or results:
            await self._record_late(result, until)
        return [result for result in results if result.before.value.id in same] if moved else []

    async def _record_late(self, result: Result, until: datetime) -> None:
        """Record the result of a message of which a receipt may have been faster."""
        campaign = self._campaign
        if self._engine.clock.now() > until:  # this process has slept: it may have ended long ago
            campaign = await load(self._engine, campaign.org, campaign.id)

        def decide(documents: list[Document | None]) -> Decision[None]:
            document = documents[0]
            if document is None:
                return None, (), ()
            stored = Versioned(message_from(document.id, document.data), document.version)
            changes = self._merged(stored, result, until)
            if not changes:
                return None, (), ()
            return None, *record(self._engine, campaign, [(stored, changes)])

        path = f"{paths.messages(campaign.org, campaign.id)}/{result.handed.id}"
        await modify_with_notices(self._engine, campaign.org, [path], decide)

    def _merged(self, stored: Versioned[Message], result: Result, until: datetime) -> Changes:
        """Return what a result changes of a message that is no more as it was handed over."""
        message, sent, outcome = stored.value, result.handed, result.outcome
        now = self._engine.clock.now()
        is_told = message.attempt >= sent.attempt
        if message.status == MessageStatus.PENDING and not is_told:
            taken = claim(message, until=until)
            return self._of(Result(stored, taken, changed(message, taken), outcome), now)
        if message.status == MessageStatus.SENDING and message.attempt == sent.attempt:
            return self._after(message, outcome, now)
        told: Changes = {} if is_told else {"attempt": sent.attempt}
        late = merge_late_answer(changed(message, told), sent.attempt, outcome, now)
        return told | late | answers.alias_told(self._campaign.org, message, outcome)
