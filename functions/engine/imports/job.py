"""An import as it is stored, and the lease by which one worker at a time works on it.

Whoever cancels or undoes an import takes it away from its worker. Every page is committed together
with the import's document: a worker that has lost its import can neither repeat nor skip anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lease import Lease, is_leased
from functions.engine.kernel.task_queue import TaskKind, task_of
from functions.engine.ports.store import Document

#: How long an import can be undone, for as long as what it has replaced is kept.
UNDO_FOR: Final = timedelta(days=30)


class ImportStatus(StrEnum):
    """How far an import has come."""

    UPLOADING = "uploading"  #: its file is still coming in
    QUEUED = "queued"  #: nobody has begun
    RUNNING = "running"
    COMPLETED = "completed"  #: every row is stored or reported
    FAILED = "failed"  #: the file cannot be read on; what stands before is stored
    CANCELLED = "cancelled"  #: somebody stopped it; what it had done stays
    UNDOING = "undoing"
    UNDONE = "undone"


#: Nothing more is done to it, unless somebody undoes it.
ENDED: Final = frozenset({ImportStatus.COMPLETED, ImportStatus.FAILED, ImportStatus.CANCELLED})
_AT_WORK: Final = frozenset({ImportStatus.QUEUED, ImportStatus.RUNNING, ImportStatus.UNDOING})

#: What every import has, from its beginning.
BLANK: Final[Mapping[str, Any]] = {
    "fence": 0,
    "lease_until": None,
    "holder": "",
    "chunks": 0,  #: of the file, as far as they are stored
    "bytes": 0,  #: of the file, before the place where the work goes on
    "lines": 0,
    "bytes_total": 0,
    "size": 0,  #: of the file as it came in, in bytes
    "encoding": "",
    "warnings": [],
    "pages": 0,  #: commits that have changed something, and said what
    "rows": 0,
    "created": 0,
    "updated": 0,
    "unchanged": 0,
    "invalid": 0,
    "duplicates": 0,
    "removed": 0,  #: by undoing it, as are the next two
    "restored": 0,
    "left": 0,
    "undone_pages": 0,
    "undone_in_page": 0,
    "list_id": None,
    "list_name": None,
    "started_at": None,
    "ended_at": None,
    "undo_until": None,
    "error": None,
}


def job_path(org: str, import_id: str) -> str:
    """Return an import's path."""
    return f"{paths.imports(org)}/{import_id}"


def report_path(org: str, import_id: str, line: int) -> str:
    """Return the path of a report whose last row is at this line: they sort by line."""
    return paths.import_part(org, import_id, "errors", f"{line:012d}")


def ended(status: ImportStatus, now: datetime, error: str | None = None) -> dict[str, Any]:
    """Return the fields of an import that ends now; `wake_at` has what it leaves swept up."""
    return {
        "status": status,
        "ended_at": now,
        "undo_until": now + UNDO_FOR,
        "wake_at": now,
        "error": error,
    }


@dataclass(slots=True)
class Job(Lease):
    """An import that this worker holds."""

    org: str
    id: str

    @property
    def status(self) -> ImportStatus:
        """Its status, as this worker knows it."""
        return ImportStatus(self.data["status"])

    @property
    def makes_list(self) -> bool:
        """Whether it makes its list; such a list exists once everybody is on it."""
        return self.data["list_name"] is not None

    def part(self, part: str, id_: str) -> str:
        """Return a path below it."""
        return paths.import_part(self.org, self.id, part, id_)


async def acquire(engine: Engine, org: str, import_id: str) -> Job | None:
    """Take an import that waits for work; None where there is none, or somebody has it."""
    document = await engine.store.get(job_path(org, import_id))
    now = engine.clock.now()
    if document is None or not _is_free(document, now):
        return None
    task = task_of(TaskKind.IMPORT, org, import_id)
    job = Job(engine, task, document.path, document.data, document.version, org, import_id)
    begins = job.status is ImportStatus.QUEUED
    begun = {"status": ImportStatus.RUNNING, "started_at": now} if begins else {}
    return job if await job.acquire(**begun) else None


def _is_free(document: Document, now: datetime) -> bool:
    if is_leased(document, now):
        return False
    # The clock of whoever enqueued the work may be ahead of ours.
    wake_at = document.data["wake_at"]
    return document.data["status"] in _AT_WORK or (wake_at is not None and wake_at <= now)
