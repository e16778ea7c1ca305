"""What was accepted although a person probably did not mean it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class InputWarning:
    """A doubt about accepted input: a code for programs, the field in question, a sentence."""

    code: str
    field: str
    message: str
