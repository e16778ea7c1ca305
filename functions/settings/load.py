"""Settings read from the environment and `.env`, and refused together or one by one."""

from typing import Any

from pydantic import ValidationError

from functions.settings.model import Settings
from functions.settings.providers import Use
from functions.settings.rules import refusals
from functions.settings.secrets import EVERYTHING, TARGETS
from functions.settings.text import error_sentences, example_text
from functions.settings.urls import LocalQueueUrl


class SettingsError(Exception):
    """The configuration is refused; one sentence a line, each opening with its setting's name."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def load_settings(target: str = "app", /, **overrides: Any) -> Settings:
    """Read the environment, then `.env`; `overrides`, by field name, go before both.

    `target` is the function of main.py that they are for. `_env_file=None` leaves `.env` unread.
    Raises SettingsError with everything that is wrong, and never with the value of a secret.
    """
    settings = _read(overrides)
    if sentences := refusals(settings, uses_of(target, settings)):
        raise SettingsError(sentences)
    return settings


def _read(overrides: dict[str, Any]) -> Settings:
    try:
        return Settings(**overrides)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    # Outside the except block: the chained ValidationError would carry the values.
    raise SettingsError([line for each in errors for line in error_sentences(each, Settings)])


def uses_of(target: str, settings: Settings) -> frozenset[Use]:
    """Return what a function does that takes a secret.

    One that delivers its own tasks or plays its own carrier, as none does on Cloud Run, does the
    work of all others too.
    """
    alone = isinstance(settings.queue, LocalQueueUrl)
    if alone or any(provider.pretends_to for provider in settings.providers):
        return EVERYTHING
    return TARGETS[target]


def env_example() -> str:
    """Render .env.example: every setting with its description and its default."""
    return example_text(Settings)
