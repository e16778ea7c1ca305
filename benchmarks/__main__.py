"""`make bench`: every figure, as one table. Name figures to measure only those."""

import sys
from collections.abc import Awaitable, Callable, Mapping

import uvloop

from benchmarks import (
    blocked,
    checks,
    cold_start,
    dispatch,
    growth,
    hostile,
    imports,
    library,
    listing,
    load,
    mail,
    memory,
    older,
    previews,
    receipts,
    recurrence,
    report,
    requests,
    throttle,
    year,
)
from benchmarks.journeys import enrolling, hearing, moving, rules, waiting
from benchmarks.operations import table as operations
from functions import logs
from functions.bootstrap.stack import SWITCH_S

FIGURES: Mapping[str, Callable[[], Awaitable[list[report.Row]]]] = {
    "dispatch": dispatch.measure,
    "check": checks.measure,
    "growth": growth.measure,
    "memory": memory.measure,
    "imports": imports.measure,
    "requests": requests.measure,
    "previews": previews.measure,
    "hostile": hostile.measure,
    "receipts": receipts.measure,
    "older": older.measure,
    "throttle": throttle.measure,
    "blocked": blocked.measure,
    "mail": mail.measure,
    "listing": listing.measure,
    "load": load.measure,
    "cold": cold_start.measure,
    "enroll": enrolling.measure,
    "moves": moving.measure,
    "events": hearing.measure,
    "waiting": waiting.measure,
    "rules": rules.measure,
    "operations": operations.measure,
    "library": library.measure,
    "year": year.measure,
    "recurrence": recurrence.measure,
}


def main(names: list[str]) -> None:
    """Measure the figures named, or all."""
    if unknown := sorted(set(names) - set(FIGURES)):
        sys.exit(f"unknown figure: {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    logs.configure("error", readable=True)
    sys.setswitchinterval(SWITCH_S)  # as in every process of ours
    rows: list[report.Row] = []
    for name in names or FIGURES:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        rows += uvloop.run(_measured(FIGURES[name]))
    report.show(rows)


async def _measured(measure: Callable[[], Awaitable[list[report.Row]]]) -> list[report.Row]:
    return await measure()


main(sys.argv[1:])
