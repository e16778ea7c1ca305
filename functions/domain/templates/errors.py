"""What can be wrong with a template, or with a person for whom it is rendered."""

from collections.abc import Sequence


class TemplateError(ValueError):
    """A template's text cannot be used. `line` and `column` count from 1."""

    def __init__(self, problem: str, *, line: int, column: int) -> None:
        self.problem = problem
        self.line = line
        self.column = column
        super().__init__(f"Line {line}, column {column}: {problem}.")

    @classmethod
    def at(cls, text: str, index: int, problem: str) -> "TemplateError":
        """Return the error that stands at `index` of the text."""
        line = text.count("\n", 0, index) + 1
        return cls(problem, line=line, column=index - text.rfind("\n", 0, index))


class TemplateLimitError(Exception):
    """Rendering was cut off: it would have taken too much time or memory."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"The template was stopped: {problem}.")


class MissingFieldError(Exception):
    """A person lacks fields that the template needs."""

    def __init__(self, fields: Sequence[str]) -> None:
        self.fields = tuple(fields)
        super().__init__(f"The person has no {', '.join(fields)}.")
