"""How settings speak: the sentence for each wrong value, and the text of .env.example."""

import ast
import inspect
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

_KINDS: dict[Any, str] = {int: "a whole number", float: "a number", bool: "true or false"}


def descriptions(settings: type[BaseModel]) -> Mapping[str, str]:
    """Return the words on every setting: those below it in the source, or else its field's own.

    They are read when they are shown: pydantic would read them at every start, which takes longer
    than all the rest of the settings.
    """
    (declared,) = ast.parse(inspect.getsource(settings)).body
    assert isinstance(declared, ast.ClassDef)  # noqa: S101 - for the type checker
    found = {name: field.description or "" for name, field in settings.model_fields.items()}
    for line, below in pairwise(declared.body):
        match line, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(ast.Constant(str(words))):
                found[name] = words
    return found


def error_sentences(error: ErrorDetails, settings: type[BaseModel]) -> list[str]:
    """Tell one validation error: the setting's name, what it must be, and what it was.

    Only numbers, choices and flags are repeated: anything else may hold a secret.
    """
    name = ".".join(str(part) for part in error["loc"][:1]).upper()
    match error["type"]:
        case "default_factory_not_called":  # follows from another error, told there
            return []
        case "extra_forbidden":
            return [f"{name}: is no setting; .env.example lists them all"]
        case "value_error":
            prefix = f"{name}: " if name else ""
            return [f"{prefix}{line}" for line in str(error["ctx"]["error"]).splitlines()]
    expected = _expected(settings.model_fields[name.lower()], error["input"])
    if expected is None:
        expected = f"as .env.example describes it: {descriptions(settings)[name.lower()]}"
    return [f"{name}: must be {expected}"]


def _expected(field: FieldInfo, value: Any) -> str | None:
    """Return which numbers or choices a setting takes; None of others, whose value is secret."""
    if get_origin(field.annotation) is Literal:
        return f"one of {', '.join(get_args(field.annotation))}, not {value!r}"
    if kind := _KINDS.get(field.annotation):
        return f"{kind}{_range(field)}, not {value!r}"
    return None


def _range(field: FieldInfo) -> str:
    least = next((item.ge for item in field.metadata if isinstance(item, Ge)), None)
    above = next((item.gt for item in field.metadata if isinstance(item, Gt)), None)
    most = next((item.le for item in field.metadata if isinstance(item, Le)), None)
    if most is None:
        return ""
    return f" from {least} to {most}" if above is None else f" above {above} and up to {most}"


def example_text(settings: type[BaseModel]) -> str:
    """Render .env.example; what has no fixed default stands there as a comment."""
    head = "# Copy to .env and change what you need. The environment goes before this file."
    words = descriptions(settings)
    examples = (_example(name, each, words[name]) for name, each in settings.model_fields.items())
    return "\n\n".join((head, *examples)) + "\n"


def _example(name: str, field: FieldInfo, words: str) -> str:
    default = "" if field.default_factory else _rendered(field.default)
    mark = "" if default else "# "
    return f"# {words}\n{mark}{name.upper()}={default}"


def _rendered(default: Any) -> str:
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    return ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
