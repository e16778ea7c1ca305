"""Order: whether the step that another one comes after is there, and can ever be over."""

from collections.abc import Iterator

from functions.domain.plans.document import Document, SequenceDocument
from functions.domain.plans.lint.findings import Finding, error


def of_steps(document: Document) -> Iterator[Finding]:
    """Find what is wrong with steps that come after others."""
    if not isinstance(document, SequenceDocument):
        return
    after = {step.id: step.after for step in document.steps if step.after is not None}
    ids = {step.id for step in document.steps}
    circle = _in_circle(after)
    for number, step in enumerate(document.steps):
        place = ("steps", number, "after")
        if step.after is None:
            continue
        if step.after not in ids:
            hint = "name another step of this sequence, or leave it out to count from the entry"
            yield error("unknown_step", place, f"after: there is no step '{step.after}'", hint)
        elif step.after == step.id:
            hint = "leave it out to count from the entry; a step comes again by repeat"
            yield error("after_itself", place, f"after: '{step.id}' comes after itself", hint)
        elif step.id in circle:
            sentence = f"after: '{step.id}' and '{step.after}' wait for each other, so none begins"
            yield error("after_in_circle", place, sentence, "let one of them count from the entry")


def _in_circle(after: dict[str, str]) -> set[str]:
    """Return the steps that come after themselves, by others: each has one before it at most."""
    known: set[str] = set()
    found: set[str] = set()
    for step in after:
        way: list[str] = []
        here: str | None = step
        while here is not None and here not in known:
            known.add(here)
            way.append(here)
            here = after.get(here)
        if here in way:
            found.update(way[way.index(here) :])
    return found
