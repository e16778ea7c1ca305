"""The parts of the application, by how the paths of their routes begin.

A part is imported when somebody first asks for a path that begins so: a function's cold start
pays for what it serves, and for nothing else.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final, Protocol, cast

from fastapi import APIRouter

from functions.web.problems import first_segment
from functions.web.routing.route import Route


class Part(Protocol):
    """A module with routes."""

    router: APIRouter


#: Modules by how paths begin; the first of their routes that matches a request answers it.
Table = Mapping[str, Sequence[str]]

#: The REST API, whose errors are problem documents.
REST: Final[Table] = {
    "/api-keys": ("api.organisation.api_keys",),
    "/campaigns": (
        "api.campaigns.actions",
        "api.campaigns.series",
        "api.campaigns.listing",
        "api.campaigns.progress",
        "api.campaigns.audience",
        "api.campaigns.routes",
        "api.plans.campaigns",
        "api.plans.migration",
        "api.plans.enrollments",
        "api.messages.routes",
        "api.organisation.audit_trail",
        "api.preview_pages",
    ),
    "/calendar": ("api.calendar",),
    "/enrollments": ("api.plans.enrollments",),
    "/plans": ("api.plans.lint",),
    "/recurrences": ("api.recurrences",),
    "/contacts": (
        "api.plans.enrollments",
        "api.contacts.imports",
        "api.contacts.routes",
        "api.contacts.reach",
        "api.contacts.memberships",
    ),
    "/customers": ("api.contacts.routes",),
    "/erasures": ("api.contacts.erasures",),
    "/lists": ("api.contacts.lists",),
    "/messages": ("api.messages.routes",),
    "/delivery": ("api.messages.delivery",),
    "/inbound": ("api.messages.inbound",),
    "/receipts": ("api.messages.orphan_receipts",),
    "/audit": ("api.organisation.audit_trail",),
    "/segments": ("api.contacts.segments",),
    "/subscriptions": ("api.organisation.subscriptions",),
    "/suppressions": ("api.contacts.suppressions",),
    "/templates": ("api.templates", "api.preview_pages"),
    "/events": ("api.events",),
    "/exports": ("api.exports",),
    "/settings": ("api.organisation.settings",),
    "/status": ("api.organisation.sending_status",),
    "/session": ("api.session.routes", "api.session.login"),
}
#: Stands beside the REST API: pages for people, and what watches over Clarion.
PAGES: Final[Table] = {
    "/": ("api.hooks.start_page",),
    "/health": ("api.hooks.health",),
    "/problems": ("api.problems.routes",),
    "/schemas": ("api.plans.schemas",),
    "/docs": ("api.reference.pages",),
    "/console": ("console.pages",),
}
#: Functions of their own (main.py).
FUNCTIONS: Final[Table] = {
    "/create-campaign": ("api.calling.campaigns",),
    "/pause-campaign": ("api.calling.campaigns",),
    "/resume-campaign": ("api.calling.campaigns",),
    "/cancel-campaign": ("api.calling.campaigns",),
    "/reschedule-campaign": ("api.calling.campaigns",),
    "/retry-campaign": ("api.calling.campaigns",),
    "/campaign-progress": ("api.calling.campaigns",),
    "/get-report-by-campaign": ("api.calling.campaigns",),
    "/single-call": ("api.calling.campaigns",),
    "/upload-csv": ("api.calling.lists",),
    "/get-list-contact": ("api.calling.lists",),
    "/check-scheduled-campaigns": ("api.hooks.scheduler",),
    "/tasks": ("api.hooks.task_runner",),
    "/webhooks": ("api.hooks.carrier_webhooks",),
    "/links": ("api.hooks.mail_links", "api.hooks.unsubscribing"),
}
#: All of it.
EVERYTHING: Final[Table] = {**FUNCTIONS, **REST, **PAGES}
#: Where errors are no problem documents.
PLAIN: Final = frozenset({*FUNCTIONS, *PAGES})
#: What the REST API's own face shows.
REST_PATHS: Final = tuple(sorted({*REST, *PAGES, "/openapi.json"}))


def every_part() -> list[Part]:
    """Import all parts, and return each once."""
    names = dict.fromkeys(name for names in EVERYTHING.values() for name in names)
    return [_part(name) for name in names]


def routes_below(start: str) -> list[Route]:
    """Import the parts whose paths begin so, and return their routes that do; none: no such."""
    found = [route for name in EVERYTHING.get(start, ()) for route in _part(name).router.routes]
    routes = [route for route in found if isinstance(route, Route)]
    return [route for route in routes if first_segment(route.path) == start]


def _part(name: str) -> Part:
    return cast(Part, import_module(f"functions.{name}"))
