"""A new kind of channel is missed by the type checker wherever something must be decided for it."""

import re
import shutil
from pathlib import Path
from typing import Final

import pytest
from mypy import api as mypy

from functions.api.organisation.sending_rules import CountryRules
from functions.domain.kinds import ChannelKind, facts_of

ROOT: Final = Path(__file__).parents[2]
#: All that depends on the kind of a channel.
DECIDED: Final = {
    "campaigns/validation.py": 1,  # what a campaign by it must say
    "contacts/addresses.py": 2,  # where it reaches people, and whom it sends as
    "contacts/sender_lists.py": 1,  # whose its sender is
    "kinds.py": 1,  # everything else
}


def test_the_type_checker_finds_what_a_new_kind_of_channel_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With another member every place that decides by the kind of a channel fails mypy."""
    functions = tmp_path / "functions"
    shutil.copytree(ROOT / "functions" / "domain", functions / "domain")
    kinds = functions / "domain" / "kinds.py"
    webhook = '    WEBHOOK = "webhook"'
    kinds.write_text(kinds.read_text().replace(webhook, f'    PUSH = "push"\n{webhook}'))
    monkeypatch.chdir(tmp_path)  # mypy takes its modules from where it is run
    options = ["--config-file=", "--explicit-package-bases", "--ignore-missing-imports"]
    found, errors, _ = mypy.run([*options, "functions"])
    assert not errors
    missed = re.findall(r"domain/(\S+):\d+: error: Argument 1 to \"assert_never\" .*PUSH", found)
    assert {name: missed.count(name) for name in missed} == DECIDED
    assert found.count("error:") == sum(DECIDED.values()), found


def test_nothing_else_decides_by_the_kind_of_a_channel() -> None:
    """Elsewhere `facts_of` is asked; only laws and an adapter's own kinds are told by name."""
    asked = re.compile(r"(?:\bis(?: not)?|[!=]=|\bcase|\bin [({]\w*|frozenset\(\{) ?ChannelKind\.")
    deciding = {
        str(path.relative_to(ROOT / "functions"))
        for path in (ROOT / "functions").rglob("*.py")
        if asked.search(path.read_text())
    }
    named = {"channels/twilio/messages.py", "domain/sending_rules/country_data.py"}
    assert deciding - named == {f"domain/{name}" for name in DECIDED}


def test_the_rules_of_a_country_can_be_changed_for_each_kind_that_keeps_them() -> None:
    """The body that says what holds in a country has a field for every kind that can disturb."""
    kept = {kind for kind in ChannelKind if facts_of(kind).keeps_country_hours}
    assert set(CountryRules.model_fields) == kept
