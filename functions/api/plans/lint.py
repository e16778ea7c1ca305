"""The linter of plans over HTTP: nothing is stored."""

from fastapi import APIRouter

from functions.api.plans.bodies import TrialPlan
from functions.api.plans.views import Linted, shown_findings
from functions.engine.plans.writing import checks
from functions.engine.plans.writing.following import kind_named
from functions.web.auth import Area
from functions.web.caller_route import RestRoute, Viewer

router = APIRouter(prefix="/plans", tags=[Area.CAMPAIGNS], route_class=RestRoute)


@router.post("/lint")
async def lint_plan(trial: TrialPlan, context: Viewer) -> Linted:
    """Tell what is wrong with a plan and what was hardly meant; nothing is stored."""
    window = trial.send_window.wanted if trial.send_window else None
    aim = await checks.aim_at(context.engine, context.org, window)
    plan, found = await checks.read(context.engine, trial.plan, aim)
    return Linted(
        valid=plan is not None, kind=kind_named(trial.plan), findings=shown_findings(found)
    )
