"""What every route of the application has to be to answer by itself."""

from collections.abc import Iterator
from inspect import iscoroutinefunction

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from functions.bootstrap.parts import every_part
from functions.web.routing.route import Route


def routes() -> list[APIRoute]:
    """Return the routes of all parts."""
    found = [route for part in every_part() for route in part.router.routes]
    return [route for route in found if isinstance(route, APIRoute)]


def dependants(of: Dependant) -> Iterator[Dependant]:
    """Yield what a handler is declared to be called with, and each of its dependencies."""
    yield of
    for each in of.dependencies:
        yield from dependants(each)


def test_every_route_answers_by_itself() -> None:
    """The router knows no others: one of FastAPI's own would be answered with 404."""
    assert [route.path for route in routes() if not isinstance(route, Route)] == []


def test_every_handler_and_dependency_is_a_coroutine() -> None:
    """None needs a thread, and none waits for the answer's end."""
    asked = [each for route in routes() for each in dependants(route.dependant)]
    assert [each.call for each in asked if not iscoroutinefunction(each.call)] == []


def test_what_is_declared_is_read() -> None:
    """No route asks for cookies, for work afterwards, or for one of several bodies of JSON."""
    for route in routes():
        for each in dependants(route.dependant):
            assert not each.cookie_params, route.path
            assert not each.background_tasks_param_name, route.path
            assert not each.http_connection_param_name, route.path
            assert each is route.dependant or not each.body_params, route.path
