"""Routes that know their caller before they read the body: the functions' and the REST API's."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, TypeVar

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.responses import Response

from functions.engine.kernel.engine import Engine
from functions.settings.model import Settings
from functions.web import idempotency
from functions.web.auth import Area, Caller, ForbiddenError, Role
from functions.web.callers import admit, peer, session_of, who
from functions.web.context import Context, Handle, context_of
from functions.web.etags import tag
from functions.web.middleware import conditional
from functions.web.openapi import with_bearer, with_problems
from functions.web.routing.bodies import takes_form
from functions.web.routing.strict_route import StrictRoute

T = TypeVar("T")


class CallerRoute(StrictRoute):
    """A route that knows its caller before it reads the body: a stranger's upload costs nothing.

    The caller's organisation is held to its rate, and an API key to its areas: the route's tags.
    `Idempotency-Key` on a POST makes repeating it harmless (idempotency.py).
    """

    tells_problems: ClassVar[bool] = False  #: whether its errors are problem documents

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **with_bearer(options))

    def guarded(self, handle: Handle) -> Handle:
        """Return the handler; a POST with a key goes through what is known of that key."""
        return idempotency.guarded(handle, form=takes_form(self))

    def get_route_handler(self) -> Handle:
        """Return the handler, behind the question who calls."""
        handle = super().get_route_handler()
        areas, role = frozenset(str(tag) for tag in self.tags), _role_needed(self.dependant)

        async def handle_known(request: Request) -> Response:
            context = context_of(request)
            caller, state = await who(context, request), request.state
            state.caller, state.engine = caller, context.engine
            admit(context, request, caller)
            caller.require_area(areas)
            caller.require(role)
            conditional.require_read(request)
            return _kept(request, conditional.tagged(request, await handle(request)))

        return handle_known


class RestRoute(CallerRoute):
    """A route of the REST API: its errors are problem documents."""

    tells_problems: ClassVar[bool] = True

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **with_problems(options))


def _kept(request: Request, answer: Response) -> Response:
    """Return an answer; what is told to a session stays in no browser that others use as well.

    The page may keep it until it is closed, and ask by its tag whether it still holds.
    """
    if session_of(request) is not None:
        answer.headers["cache-control"] = "no-store"
    return answer


@dataclass(frozen=True, slots=True)
class CallerContext:
    """What a handler of a known caller's request works with."""

    engine: Engine
    settings: Settings
    caller: Caller
    response: Response  #: takes the headers of the answer

    @property
    def org(self) -> str:
        """The organisation that the caller acts in."""
        return self.caller.org

    @property
    def by(self) -> str:
        """The caller's name in the audit trail."""
        return self.caller.subject

    def require_contacts(self) -> None:
        """Raise ForbiddenError unless the caller may see who people are.

        It is asked before anybody is looked for: whether they exist is not told either.
        """
        if not self.caller.may_use(Area.CONTACTS):
            sentence = "This tells who people are: your key needs the area contacts as well."
            raise ForbiddenError(sentence)

    def tagged(self, found: tuple[T, int]) -> T:
        """Return what was found, its version named for a later If-Match."""
        tag(self.response, found[1])
        return found[0]

    def forbid_keeping(self) -> None:
        """Have nobody keep the answer, which holds a secret; nor does Idempotency-Key."""
        self.response.headers["cache-control"] = "no-store"


def _context_for(role: Role) -> Callable[[Request, Response], Coroutine[Any, Any, CallerContext]]:
    """Return the dependency that gives a handler its context, if the caller has the role."""

    async def context(request: Request, response: Response) -> CallerContext:
        state = request.state
        return CallerContext(state.engine, context_of(request).settings, state.caller, response)

    _ROLES[context] = role
    return context


#: The role that each of these dependencies says its route needs.
_ROLES: Final[dict[Callable[..., Any] | None, Role]] = {}


def _role_needed(dependant: Dependant) -> Role:
    """Return the role that a route needs: the caller is asked for it before anything is read.

    A kept answer is not given to somebody either who might not ask for it any more.
    """
    return next(_ROLES[each.call] for each in dependant.dependencies if each.call in _ROLES)


#: Marks the scope of a request that this process makes to itself; none from outside can carry it.
FROM_INSIDE = "clarion.from_inside"


async def _invoker(request: Request, context: Context) -> None:
    if request.scope.get(FROM_INSIDE):
        return
    await context.invoker.verify(request.headers, peer(request))


#: The context of a caller who may read; who may create, start and stop; who may do everything.
Viewer = Annotated[CallerContext, Depends(_context_for(Role.VIEWER))]
Operator = Annotated[CallerContext, Depends(_context_for(Role.OPERATOR))]
Admin = Annotated[CallerContext, Depends(_context_for(Role.ADMIN))]
#: Admits Google's scheduler and task queue.
ByInvoker = Depends(_invoker)
