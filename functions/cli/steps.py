"""What a command has done and has not, for whoever stops it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from functions.cli.runtime import INTERRUPTED, fail


@dataclass(slots=True)
class Steps:
    """The steps of a command, in order."""

    left: list[str]
    done: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[str]:
        """Yield each step; it counts as done once the next is asked for."""
        while self.left:
            yield self.left[0]
            self.done.append(self.left.pop(0))


@contextmanager
def told_when_stopped(steps: Steps, look: str) -> Iterator[None]:
    """Say on Ctrl-C what was done, what was not, and how to `look` at what may have been."""
    try:
        yield
    except KeyboardInterrupt:
        under_way, *untouched = steps.left or ["nothing"]
        fail(
            INTERRUPTED,
            "Stopped.",
            f"Done: {_listed(steps.done)}.",
            f"Perhaps done: {under_way}; {look} tells.",
            f"Not done: {_listed(untouched)}.",
        )


def _listed(steps: Sequence[str]) -> str:
    return ", ".join(steps) or "nothing"
