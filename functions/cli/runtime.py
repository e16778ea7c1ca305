"""What every command shares: its options, where it is carried out, how it answers and fails.

Exit codes: 0 done, 1 refused or not healthy, 2 wrong usage or settings, 130 stopped by Ctrl-C.
Results go to standard output, everything else to standard error.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Generic, NoReturn, TypeVar

import orjson
import typer
from rich.console import Console, RenderableType

from functions.bootstrap.stack import Stack, build
from functions.cli.api import Api, Target, opened
from functions.domain.errors import DomainError
from functions.engine.ports.store import StoreError
from functions.settings.load import SettingsError, load_settings
from functions.web.auth import ORG

T = TypeVar("T")

REFUSED = 1
MISUSED = 2
INTERRUPTED = 130
_JSON = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
#: Wide enough for a campaign's row where there is no window to fit it into.
_PIPE_WIDTH = 160


def _plain_name(value: str) -> str:
    if value and not ORG.fullmatch(value):
        raise typer.BadParameter("has 1 to 64 letters, digits, hyphens or underscores")
    return value


def _id(value: str) -> str:
    if not value:
        raise typer.BadParameter("is empty")
    return _plain_name(value)


Org = Annotated[
    str,
    typer.Option(
        callback=_plain_name, help="The organisation: the token's, or `default` without one."
    ),
]
CampaignId = Annotated[
    str, typer.Argument(callback=_id, help="The campaign's id, or the beginning of it.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for scripts.")]
Url = Annotated[
    str,
    typer.Option(
        "--url",
        envvar="CLARION_URL",
        show_default=False,
        help="A running server's REST API; without it the store that the settings name.",
    ),
]
Token = Annotated[
    str,
    typer.Option(
        "--token",
        envvar="CLARION_TOKEN",
        show_default=False,
        help="An API key or a JSON Web Token for that server; best kept in CLARION_TOKEN.",
    ),
]


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """What came of a command's requests, and what their answers warn of."""

    result: T
    warnings: Sequence[Mapping[str, str]]


def with_api(target: Target, work: Callable[[Api], Awaitable[T]]) -> Told[T]:
    """Do `work` with the API of a target.

    Exits with a sentence where the settings or what is asked are refused.
    """

    async def do() -> Told[T]:
        async with opened(target) as api:
            return Told(await work(api), api.warnings)

    with told_errors():
        return asyncio.run(do())


def with_stack(work: Callable[[Stack], Awaitable[T]]) -> T:
    """Do `work` with a stack of this process's own, whose background workers are not started.

    What it leaves to be done is done by the running server or the cloud, at the next check at
    the latest. Exits with a sentence where the settings or what is asked are refused.
    """
    with told_errors():
        return asyncio.run(_with_stack(work))


async def _with_stack(work: Callable[[Stack], Awaitable[T]]) -> T:
    stack = build(load_settings())
    try:
        return await work(stack)
    finally:
        await stack.close()


@contextmanager
def told_errors() -> Iterator[None]:
    """End the command with a sentence on each error that a person can do something about."""
    try:
        yield
    except SettingsError as error:
        fail(MISUSED, *error.sentences)
    except (DomainError, StoreError, OSError) as error:
        fail(REFUSED, str(error))


def fail(code: int, *sentences: str) -> NoReturn:
    """End the command."""
    for sentence in sentences:
        typer.echo(sentence, err=True)
    raise typer.Exit(code)


def console(*, err: bool = False) -> Console:
    """Return a console that does not cut off what is piped on."""
    stream = sys.stderr if err else sys.stdout
    return Console(stderr=err, width=None if stream.isatty() else _PIPE_WIDTH)


def show(
    result: Mapping[str, Any],
    *shown: RenderableType,
    as_json: bool,
    warnings: Sequence[Mapping[str, str]] = (),
) -> None:
    """Print a result: as JSON for scripts, else as it is shown to people, with its warnings."""
    if as_json:
        told = {"warnings": warnings} if warnings else {}
        typer.echo(orjson.dumps({**result, **told}, option=_JSON).decode())
        return
    for warning in dict.fromkeys(each["message"] for each in warnings):
        typer.echo(f"Warning: {warning}", err=True)
    screen = console()
    for each in shown:
        screen.print(each)
