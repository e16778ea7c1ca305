"""The function that the task queue delivers to."""

from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from functions.engine import worker
from functions.engine.ports.queue import Task
from functions.web.caller_route import ByInvoker
from functions.web.context import Context
from functions.web.problems import answer
from functions.web.routing.strict_route import StrictRoute

router = APIRouter(tags=["tasks"], route_class=StrictRoute)


class TaskBody(BaseModel):
    """A task as it was enqueued."""

    kind: str
    body: dict[str, str] = {}


@router.post("/tasks/run", dependencies=[ByInvoker], response_model=None)
async def run_task(
    wanted: TaskBody,
    context: Context,
    retries: Annotated[int, Header(alias="x-cloudtasks-taskretrycount")] = 0,
    name: Annotated[str, Header(alias="x-cloudtasks-taskname")] = "unnamed",
) -> dict[str, Any] | JSONResponse:
    """Do a task; an answer other than 2xx has it delivered again."""
    most = context.settings.task_max_attempts
    task = Task(wanted.kind, wanted.body)
    said = await worker.attempt(context.engine, task, name, retries=retries, most=most)
    if said is None:
        return answer(500, "The task failed and is delivered again.")
    return {"status": 200, "message": said}
