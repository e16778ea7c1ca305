"""The one ASGI application behind every function, and the faces that show a part of it."""

from typing import Any, Final

import structlog
from fastapi import FastAPI
from fastapi.routing import APIRoute

from functions import __version__
from functions.api import calendar, exports, preview_pages, recurrences, templates
from functions.api import events as custom_events
from functions.api.calling import campaigns as calling
from functions.api.calling import lists as calling_lists
from functions.api.campaigns import actions as campaign_steps
from functions.api.campaigns import audience, listing, series
from functions.api.campaigns import progress as campaign_progress
from functions.api.campaigns import routes as campaigns
from functions.api.contacts import erasures, lists, memberships, reach, segments, suppressions
from functions.api.contacts import imports as contact_imports
from functions.api.contacts import routes as contacts
from functions.api.hooks import (
    carrier_webhooks,
    health,
    mail_links,
    scheduler,
    start_page,
    task_runner,
    unsubscribing,
)
from functions.api.messages import delivery, inbound, orphan_receipts
from functions.api.messages import routes as messages
from functions.api.organisation import (
    api_keys,
    audit_trail,
    sending_status,
    settings,
    subscriptions,
)
from functions.api.plans import campaigns as plan_campaigns
from functions.api.plans import enrollments, lint, migration, schemas
from functions.api.problems import routes as problem_pages
from functions.api.reference import events, pages
from functions.api.reference.document import SERVERS, Reference
from functions.api.reference.operation_ids import operation_id
from functions.api.session import login
from functions.api.session import routes as session
from functions.console import pages as console
from functions.web import problems
from functions.web.context import AppContext
from functions.web.openapi import DESCRIPTION, FAILURES, tags
from functions.web.prefix_router import PrefixRouter

log = structlog.get_logger()


#: The parts of the application; the first route that matches a request answers it.
PARTS: Final = (
    api_keys,
    calling,
    calling_lists,
    campaign_steps,
    series,
    listing,
    campaign_progress,
    audience,
    calendar,
    campaigns,
    plan_campaigns,
    migration,
    enrollments,
    lint,
    schemas,
    recurrences,
    contact_imports,
    contacts,
    reach,
    memberships,
    erasures,
    lists,
    messages,
    delivery,
    inbound,
    orphan_receipts,
    audit_trail,
    segments,
    subscriptions,
    suppressions,
    templates,
    preview_pages,
    custom_events,
    exports,
    settings,
    sending_status,
    session,
    login,
    scheduler,
    task_runner,
    carrier_webhooks,
    mail_links,
    unsubscribing,
    health,
    start_page,
    problem_pages,
    pages,
    console,
)


def _routes() -> list[APIRoute]:
    """Return the routes of all parts."""
    routes = [route for part in PARTS for route in part.router.routes]
    return [route for route in routes if isinstance(route, APIRoute)]


def _paths(*, rest: bool) -> frozenset[str]:
    """Return the first segments of the REST API's paths, or of all others."""
    wanted = [route for route in _routes() if getattr(route, "tells_problems", False) is rest]
    return frozenset(problems.first_segment(route.path) for route in wanted)


#: What the REST API's own face shows.
REST_PATHS: Final = tuple(
    sorted(
        {
            *_paths(rest=True),
            "/",
            "/health",
            "/docs",
            "/openapi.json",
            "/problems",
            "/schemas",
            "/console",
        }
    )
)


def create_app(context: AppContext) -> FastAPI:
    """Return the application with every route."""
    app = _application()
    app.state.context = context
    return app


def api_document() -> dict[str, Any]:
    """Return the OpenAPI document, as `/openapi.json` serves it; it depends on no setting."""
    return _application().openapi()


def _application() -> FastAPI:
    """Return the application before it knows its store, settings and callers."""
    app = Reference(
        title="Clarion",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=tags(),
        servers=SERVERS,
        webhooks=events.router,
        generate_unique_id_function=operation_id,
        docs_url=None,
        redoc_url=None,
    )
    app.state.functions = _paths(rest=False)
    for part in PARTS:
        app.include_router(part.router, responses=FAILURES)
    app.router = PrefixRouter(app.router, _routes())
    problems.add_handlers(app)
    return app
