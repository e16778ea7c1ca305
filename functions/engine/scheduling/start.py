"""Starting one due campaign, however late."""

from contextlib import suppress

import structlog

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.lifecycle import start_action
from functions.domain.campaigns.status import Action
from functions.domain.errors import InvalidFieldError, NotDueError, StaleError, WrongStatusError
from functions.engine.campaigns.lifecycle import change
from functions.engine.campaigns.senders import NO_SENDER, NOT_ALLOWED, NoSenderError
from functions.engine.campaigns.writing.series import renewal
from functions.engine.kernel.commits.modify import at_version
from functions.engine.kernel.engine import Engine
from functions.engine.paths import campaign as campaign_path
from functions.engine.ports.store import Document

log = structlog.get_logger()


async def start(engine: Engine, org: str, campaign_id: str) -> Campaign | None:
    """Start a due campaign; None where somebody was faster, or it is no longer due.

    Raises NotFoundError.
    """
    document = at_version(
        await engine.store.get(campaign_path(org, campaign_id)), "Campaign", campaign_id
    )
    return await start_found(engine, document)


async def start_found(engine: Engine, document: Document) -> Campaign | None:
    """Start a campaign as it was when it was found to be due.

    One that is later than its grace period is treated as it says: perhaps it is not started.
    """
    org, id_ = document.org, document.id
    due = campaign_from(org, id_, document.data)
    action = start_action(due, now=engine.clock.now())
    try:
        if action is not Action.START:
            await _miss(engine, document, action)
            return None
        if due.plan:
            from functions.engine.plans.writing.following import check_nodes

            await check_nodes(engine, due)
        also = await renewal(engine, due)
        campaign = await change(engine, org, id_, Action.START, by="clarion", also=also)
    except InvalidFieldError as error:
        log.warning("campaign_held", org=org, campaign_id=id_, field=error.field)
        reason = NO_SENDER if isinstance(error, NoSenderError) else NOT_ALLOWED
        await _hold(engine, document, reason)
        return None
    except (WrongStatusError, NotDueError, StaleError):
        return None
    lateness = campaign.start_lateness
    seconds = None if lateness is None else lateness.total_seconds()
    log.info("campaign_started", org=org, campaign_id=id_, lateness_s=seconds)
    return campaign


async def _hold(engine: Engine, due: Document, reason: str) -> None:
    """Pause a campaign without a sender that its organisation may use, or that nobody sends."""
    with suppress(WrongStatusError, StaleError):
        await change(
            engine,
            due.org,
            due.id,
            Action.HOLD,
            by="clarion",
            reason=reason,
            if_version=due.version,
        )


async def _miss(engine: Engine, late: Document, action: Action) -> None:
    """Cancel or hold back a campaign as it was when its start was found to be missed."""
    await change(
        engine,
        late.org,
        late.id,
        action,
        by="clarion",
        reason="late_start",
        if_version=late.version,
    )
