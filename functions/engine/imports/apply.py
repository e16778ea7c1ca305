"""The work of an import: each page of rows becomes contacts, list members and reports.

A page's contacts and bad rows, what they replace, the list's pages, and the place behind the page
are one commit, conditional on the import's version: a crash or a second worker repeats and skips
nothing.
"""

from collections.abc import Iterator
from contextlib import aclosing, suppress
from typing import Any, Final

import structlog

from functions.engine import paths
from functions.engine.contacts import lists
from functions.engine.imports.job import ENDED, ImportStatus, Job, ended, report_path
from functions.engine.imports.plan import Plan, Target, read_known
from functions.engine.imports.reader import DUPLICATE, Page, reader_of
from functions.engine.imports.row_files import Place
from functions.engine.imports.upload import OnExisting
from functions.engine.kernel.lease import LookAgainError
from functions.engine.kernel.people import salt_of
from functions.engine.ports.store import Create, Document, Set, Write

log = structlog.get_logger()

#: Rows in one document of reports.
_REPORTED: Final = 500


async def work(job: Job) -> None:
    """Import what is left of a file."""
    salt = await salt_of(job.engine, job.org)
    async with aclosing(reader_of(job, salt).pages()) as pages:
        async for page in pages:
            await _commit_page(job, page)
            if job.status in ENDED:
                break
            if job.is_late:
                return
    counts = {name: job.data[name] for name in ("created", "updated", "invalid", "duplicates")}
    log.info("import_ended", org=job.org, import_id=job.id, status=job.status, **counts)


async def _commit_page(job: Job, page: Page) -> None:
    """Commit a page, in parts where it is too much for one."""
    rest: Page | None = page
    while rest is not None:
        plan = await _plan(job, rest)
        status = _status(plan)
        writes = [*plan.writes, *_reports(job, plan), *_undo_log(job, plan)]
        writes += _list_writes(job, plan, status)
        with suppress(LookAgainError):  # somebody has changed a contact of the page
            await job.commit(*writes, **_progress(job, plan, status))
            rest = plan.rest


async def _plan(job: Job, page: Page) -> Plan:
    home = await _list(job)
    if home is None and job.data["list_id"] and not job.makes_list:
        place = Place(job.data["bytes"], job.data["lines"])
        page = Page([], place, page.is_last, error="the list was deleted")
    target = Target(
        org=job.org,
        list_id=job.data["list_id"],
        keeps=job.data["on_existing"] == OnExisting.KEEP,
        import_id=job.id,
        makes_list=job.makes_list,
    )
    found = await job.engine.store.get_many(page.paths(job.org))
    contacts = {each.id: each for each in found if each}
    touched = await _touched(job, contacts)
    known = await read_known(job.engine, target, page, home, contacts, touched)
    return Plan(target, page, known, job.engine.clock.now())


async def _list(job: Job) -> Document | None:
    """Return the list that everybody is put on, as far as it is there."""
    if job.data["list_id"] is None:
        return None
    home = await job.engine.store.get(paths.list_(job.org, job.data["list_id"]))
    return home if job.makes_list or lists.is_shown(home) else None


async def _touched(job: Job, contacts: dict[str, Document]) -> frozenset[str]:
    """Return the stored contacts that an earlier row has created, changed or confirmed."""
    created = {id_ for id_, each in contacts.items() if each.data.get("imported_by") == job.id}
    others = [job.part("replaced", id_) for id_ in contacts if id_ not in created]
    marks = await job.engine.store.get_many(others)
    return frozenset(created | {mark.id for mark in marks if mark})


def _status(plan: Plan) -> ImportStatus | None:
    """Return the status that the import ends with, None where it goes on."""
    if plan.rest is not None:
        return None
    if plan.page.error:
        return ImportStatus.FAILED
    return ImportStatus.COMPLETED if plan.page.is_last else None


def _progress(job: Job, plan: Plan, status: ImportStatus | None) -> dict[str, Any]:
    """Return the changes of the import."""
    duplicates = sum(each.kind == DUPLICATE for each in plan.bad)
    people = len(plan.created) + len(plan.updated) + len(plan.unchanged)
    added = {
        "rows": people + len(plan.bad),
        "created": len(plan.created),
        "updated": len(plan.updated),
        "unchanged": len(plan.unchanged),
        "invalid": len(plan.bad) - duplicates,
        "duplicates": duplicates,
        "pages": int(plan.has_changes),
    }
    changes = {name: job.data[name] + more for name, more in added.items()}
    changes |= plan.behind._asdict()
    if status is ImportStatus.COMPLETED:
        # Until now it was that of the file; what was read is UTF-8.
        changes["bytes_total"] = changes["bytes"]
    return changes | ended(status, plan.now, plan.page.error) if status else changes


def _reports(job: Job, plan: Plan) -> Iterator[Write]:
    """Yield the reports of the rows that are left out."""
    for start in range(0, len(plan.bad), _REPORTED):
        rows = plan.bad[start : start + _REPORTED]
        path = report_path(job.org, job.id, rows[-1].line)
        yield Create(path, {"rows": [each.report() for each in rows]})


def _undo_log(job: Job, plan: Plan) -> Iterator[Write]:
    """Yield what undoing needs, by which it is also known that a row was about a contact."""
    for stored, changes in plan.met:
        former = {name: stored.data[name] for name in changes if name in stored.data}
        added = [name for name in changes if name not in stored.data]
        kept = {"contact": stored.path, "former": former, "added": added}
        yield Create(job.part("replaced", stored.id), kept)
    if plan.has_changes:
        people = {"created": plan.created, "updated": plan.updated, "members": plan.members}
        path = job.part("pages", f"{job.data['pages']:06d}")
        yield Create(path, {**people, "at": plan.now})


def _list_writes(job: Job, plan: Plan, status: ImportStatus | None) -> list[Write]:
    """Return the writes that keep the counts of the list right, and that name it in the end."""
    if not job.makes_list or status is not ImportStatus.COMPLETED:
        return plan.grown
    path, home = paths.list_(job.org, job.data["list_id"]), plan.known.home
    before = home.data if home else {}
    counts = {name: before.get(name, 0) + plan.growth.get(name, 0) for name in ("size", "pages")}
    made = {"name": job.data["list_name"], **counts, "created_at": plan.now}
    return [Create(path, made) if home is None else Set(path, made, home.version)]
