"""The function that the task queue delivers to."""

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from functions.domain.errors import DomainError
from functions.engine import worker
from functions.engine.kernel.engine import ProviderMissingError
from functions.engine.kernel.task_queue import check_arguments
from functions.engine.ports.queue import Task
from functions.engine.ports.store import StoreError
from functions.web.caller_route import ByInvoker
from functions.web.context import Context
from functions.web.middleware.strict_route import StrictRoute
from functions.web.problems import answer

router = APIRouter(tags=["tasks"], route_class=StrictRoute)
log = structlog.get_logger()


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
    task = Task(wanted.kind, wanted.body)
    check_arguments(task)
    try:
        await worker.run(context.engine, task)
    except DomainError as error:
        # Delivering it again would not mend it, and would slow down the whole queue.
        log.warning("task_refused", kind=task.kind, error=str(error))
        return {"status": 200, "message": str(error)}
    except Exception as error:
        log.exception("task_failed", kind=task.kind, retries=retries, body=task.body)
        if retries + 1 < context.settings.task_max_attempts:
            return answer(500, "The task failed and is delivered again.")
        await worker.give_up(context.engine, task, _in_words(error), name)
    return {"status": 200, "message": "OK"}


def _in_words(error: Exception) -> str:
    """Name an error to the operator: its sentence where it is ours, else only its kind."""
    ours = isinstance(error, StoreError | ProviderMissingError)
    return str(error) if ours else type(error).__name__
