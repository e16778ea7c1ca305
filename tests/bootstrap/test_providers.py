"""The rows of providers, their factories and the settings that they name agree."""

import pytest

from functions.bootstrap.providers import FACTORIES
from functions.domain.kinds import ChannelKind, facts_of
from functions.settings.model import Settings
from functions.settings.providers import PROVIDERS, Provider, choices


def test_each_row_has_a_factory_and_each_factory_a_row() -> None:
    """A provider that can be chosen can be built, and none is built that nobody can choose."""
    assert {row.name for row in PROVIDERS} == set(FACTORIES)


def test_each_kind_of_channel_can_be_tried_without_a_provider() -> None:
    """A simulator stands first for every kind of channel, and no row is of an unknown kind.

    A program that is called is there already.
    """
    kinds = {kind for kind in ChannelKind if not facts_of(kind).is_program}
    assert {row.kind for row in PROVIDERS} == kinds
    for kind in kinds:
        assert choices(kind)[:2] == ["none", "simulator"]


@pytest.mark.parametrize("row", PROVIDERS, ids=lambda row: f"{row.kind}-{row.choice}")
def test_every_setting_that_a_row_names_exists(row: Provider) -> None:
    """A row names settings only that a deployment can be given."""
    secrets = [name for names in row.secrets.values() for name in names]
    named = filter(None, (row.setting, row.account, row.api_url, *secrets))
    assert {name.lower() for name in named} <= Settings.model_fields.keys()


def test_a_choice_means_one_provider() -> None:
    """No two rows of a kind answer to the same choice."""
    assert len({(row.kind, row.choice) for row in PROVIDERS}) == len(PROVIDERS)
