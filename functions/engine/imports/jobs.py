"""Imports: files of contacts that are worked off in the background, page by page."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, NamedTuple

import structlog

from functions.domain.errors import ImportStatusError, NotFoundError
from functions.engine import paths
from functions.engine.imports import apply, upload
from functions.engine.imports import undo as import_undo
from functions.engine.imports.job import (
    ENDED,
    ImportStatus,
    Job,
    acquire,
    ended,
    job_path,
    report_path,
)
from functions.engine.kernel.commits.modify import at_version, modify
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lease import LeaseLostError
from functions.engine.kernel.task_queue import TaskKind, enqueue, task_of
from functions.engine.ports.store import Document, Query, StoreError, Update, Write

log = structlog.get_logger()

#: Documents of reports that are read at once: each tells of up to 500 rows.
_REPORTS: Final = 20
_STOPPABLE: Final = frozenset({ImportStatus.QUEUED, ImportStatus.RUNNING})


async def run(engine: Engine, org: str, import_id: str) -> None:
    """Do what an import waits for, continuing where an earlier task stopped."""
    job = await acquire(engine, org, import_id)
    if job is None:
        return
    try:
        await job.work(lambda: _work(job))
    except Exception:
        # Whoever tries it again is not to wait for our lease; the check waits for it all the same.
        with suppress(StoreError, LeaseLostError):
            await job.release(engine.clock.now() + engine.limits.lane_lease, with_task=False)
        raise


async def _work(job: Job) -> None:
    match job.status:
        case ImportStatus.UPLOADING:
            await _remove_upload(job)
        case ImportStatus.RUNNING:
            await apply.work(job)
        case ImportStatus.UNDOING:
            await import_undo.undo(job)
        case _:
            pass  # It has ended, and has left something behind.
    if job.status in ENDED or job.status is ImportStatus.UNDONE:
        await import_undo.sweep(job)


async def _remove_upload(job: Job) -> None:
    """Remove a file that never came in whole: whoever sent it was not told that it did."""
    await upload.remove(job.engine, job.org, job.id, job.data["chunks"])
    job.is_held = False
    log.info("upload_removed", org=job.org, import_id=job.id)


async def give_up(engine: Engine, org: str, import_id: str, error: str) -> None:
    """End an import whose task failed for the last time; what it has done can be undone."""
    now = engine.clock.now()

    def decide(documents: list[Document | None]) -> tuple[None, Sequence[Write]]:
        document = documents[0]
        if document is None or document.data["status"] not in _STOPPABLE:
            return None, ()
        changes = _taken_away(document, ended(ImportStatus.FAILED, now, error))
        return None, [Update(document.path, changes, document.version)]

    await modify(engine.store, [job_path(org, import_id)], decide)


def _taken_away(document: Document, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return changes that also take an import away from whoever works on it."""
    return {**changes, "fence": document.data["fence"] + 1, "lease_until": None}


async def load(engine: Engine, org: str, import_id: str) -> Document:
    """Return an import. Raises NotFoundError, also for one of another organisation."""
    return at_version(await engine.store.get(job_path(org, import_id)), "Import", import_id)


async def page_of(
    engine: Engine, org: str, *, limit: int, after: tuple[datetime, str] | None
) -> list[Document]:
    """Return an organisation's imports, the newest first, behind the time and id of one."""
    behind = after and (after[0], job_path(org, after[1]))
    query = Query(paths.imports(org), (), ("-created_at",), limit=limit, start_after=behind)
    return await engine.store.query(query)


class BadRows(NamedTuple):
    """Rows that were left out, and the line to continue behind; None behind the last."""

    rows: list[Mapping[str, Any]]
    after: int | None


async def bad_rows(engine: Engine, org: str, import_id: str, *, after: int, limit: int) -> BadRows:
    """Return rows that were left out, by line, behind the line `after`.

    Raises NotFoundError for the import.
    """
    home = (await load(engine, org, import_id)).path
    behind = (report_path(org, import_id, after),)
    query = Query(f"{home}/errors", limit=_REPORTS, start_after=behind)
    rows: list[Mapping[str, Any]] = []
    while found := await engine.store.query(query):
        rows += [row for each in found for row in each.data["rows"] if row["line"] > after]
        if len(rows) > limit:
            return BadRows(rows[:limit], rows[limit - 1]["line"])
        query = query.after(found[-1])
    return BadRows(rows, None)


async def cancel(engine: Engine, org: str, import_id: str) -> Document:
    """Stop an import; what it has done stays, and can be undone.

    Raises NotFoundError and ImportStatusError.
    """
    now = engine.clock.now()

    def change(document: Document) -> dict[str, Any]:
        status = document.data["status"]
        if status not in _STOPPABLE:
            raise ImportStatusError("cancel", status)
        return ended(ImportStatus.CANCELLED, now)

    return await _change(engine, org, import_id, change)


async def undo(engine: Engine, org: str, import_id: str) -> Document:
    """Begin to undo an import that has ended. Raises NotFoundError and ImportStatusError."""
    now = engine.clock.now()

    def change(document: Document) -> dict[str, Any]:
        status, until = document.data["status"], document.data["undo_until"]
        if status not in ENDED:
            raise ImportStatusError("undo", status)
        if until is None or until <= now:
            raise ImportStatusError("undo", status, too_late=True)
        return {"status": ImportStatus.UNDOING, "wake_at": now}

    return await _change(engine, org, import_id, change)


async def _change(
    engine: Engine, org: str, import_id: str, change: Callable[[Document], dict[str, Any]]
) -> Document:
    """Change an import, and take it away from whoever works on it."""

    def decide(documents: list[Document | None]) -> tuple[None, Sequence[Write]]:
        document = documents[0]
        if document is None:
            raise NotFoundError("Import", import_id)
        changes = _taken_away(document, change(document))
        return None, [Update(document.path, changes, document.version)]

    await modify(engine.store, [job_path(org, import_id)], decide)
    await enqueue(engine, task_of(TaskKind.IMPORT, org, import_id))
    return await load(engine, org, import_id)
