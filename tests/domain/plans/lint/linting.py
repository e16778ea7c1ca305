"""What is found in plans that tests write down."""

from collections.abc import Sequence
from typing import Any

from functions.domain.plans.lint.findings import Finding, Level
from functions.domain.plans.reading import read_plan
from functions.domain.sending_rules.windows import Window
from tests.domain.plans.walking import START, on


def found_in(*nodes: Any, windows: Sequence[Window] = (), **more: Any) -> list[Finding]:
    """Return what is found in a journey of these nodes, which begins at the first."""
    document = {"startNodeId": nodes[0]["id"], "nodes": list(nodes), **more}
    return read_plan(document, now=START, windows=windows).findings


def found_in_steps(*steps: Any, **more: Any) -> list[Finding]:
    """Return what is found in a sequence of these steps."""
    return read_plan({"steps": list(steps), **more}, now=START).findings


def codes(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    """Return the codes and pointers of what was found."""
    return [(each.code, each.pointer) for each in findings]


def errors(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    """Return the codes and pointers of the errors."""
    return codes([each for each in findings if each.level is Level.ERROR])


def at(document: Any, pointer: str) -> Any:
    """Return what a JSON pointer leads to. Raises LookupError where there is no such place."""
    here = document
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        here = here[int(name)] if isinstance(here, list) else here[name]
    return here


END = on("elapsed", "stop", after="P1D")
