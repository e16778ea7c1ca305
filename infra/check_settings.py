# ruff: noqa: INP001  infra/ holds scripts, it is no package
"""Say what is wrong with a deployment's settings, before anything is deployed.

    python infra/check_settings.py settings.yaml run_task receive_webhook

Each named function is given these settings as Cloud Run would give them, with secrets that only
look like some: what would keep it from starting is told here, a sentence a line, with exit code 2.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import httpx
import yaml

# deploy.sh runs this file in the repository, which is not installed.
sys.path.insert(0, str(Path(__file__).parents[1]))

from functions.bootstrap.clock import SystemClock
from functions.bootstrap.providers import Parts, build_channel, build_receiver, chosen
from functions.engine.ports.channel import WebhookRequest
from functions.settings.load import SettingsError, load_settings, uses_of
from functions.settings.providers import PROVIDERS, Use
from functions.settings.secrets import TARGETS, secrets_of

#: What a secret looks like that nobody has read yet.
_LOOKS: Final[Mapping[str, str]] = {"SMTP_URL": "smtps://user:password@smtp.example.com"}
_ANY_SECRET: Final = "x" * 32
_SECRETS: Final = {
    *("JWT_SECRET", "SESSION_SECRET", "OIDC_CLIENT_SECRET"),
    *(name for row in PROVIDERS for names in row.secrets.values() for name in names),
}


class _OnceLoader(yaml.SafeLoader):
    """A loader that refuses a name which stands twice: one of the two would not hold."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise SettingsError(
                [f"{name}: is set twice; the script sets some itself" for name in twice]
            )
        return super().construct_mapping(node, deep)


def read(file: Path) -> dict[str, str]:
    """Return the settings of a YAML file. Raises SettingsError."""
    try:
        found = yaml.load(file.read_text(encoding="utf-8"), _OnceLoader)  # noqa: S506  it is a safe one
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError([f"SETTINGS: {error}"]) from None
    if not isinstance(found, dict):
        raise SettingsError(["SETTINGS: must be lines such as LANES: '4'"])
    if wrong := [name for name, value in found.items() if not isinstance(value, str)]:
        raise SettingsError([f"{name}: must be text; put its value in quotes" for name in wrong])
    return found


def refusals(target: str, given: Mapping[str, str]) -> list[str]:
    """Return what would keep a function with these settings from starting, a sentence each."""
    if plain := sorted(given.keys() & _SECRETS):
        return [f"{name}: is a secret; keep it in Secret Manager, not in a file" for name in plain]
    secrets = {name: _LOOKS.get(name, _ANY_SECRET) for name in secrets_of(target, given)}
    told = {name.lower(): value for name, value in {**given, **secrets}.items()}
    try:
        settings = load_settings(target, _env_file=None, k_service=target, **told)
        parts = Parts(settings, SystemClock(), httpx.AsyncClient(), _nowhere)
        sends = Use.SENDS in uses_of(target, settings)
        for name in chosen(settings).values():
            build_channel(name, parts) if sends else build_receiver(name, parts)
    except SettingsError as error:
        return error.sentences
    return []


async def _nowhere(_: WebhookRequest) -> int:
    return 0


def main(arguments: Sequence[str]) -> int:
    """Check what the arguments name; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("targets", nargs="+", choices=sorted(TARGETS), metavar="FUNCTION")
    wanted = parser.parse_args(arguments)
    try:
        given = read(wanted.file)
        told = [sentence for target in wanted.targets for sentence in refusals(target, given)]
    except SettingsError as error:
        told = error.sentences
    for sentence in dict.fromkeys(told):
        sys.stderr.write(f"{sentence}\n")
    return 2 if told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
