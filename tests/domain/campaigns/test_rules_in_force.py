"""The rules that a campaign is made under."""

from functions.domain.campaigns.rules_in_force import (
    RulesInForce,
    rules_fields,
    rules_from,
    rules_of,
)
from functions.domain.organisation import Organisation
from functions.domain.sending_rules.windows import QuietHours


def test_an_organisation_without_rules_has_none_in_force() -> None:
    """No quiet hours stay none, also in the store."""
    rules = rules_of(Organisation())
    assert rules.quiet_hours is None
    assert rules_from(rules_fields(rules)).quiet_hours is None


def test_rules_are_copied_from_the_organisation_and_survive_the_store() -> None:
    """A campaign has its organisation's quiet hours, rates and polling."""
    night = {"start": "21:00", "end": "08:00"}
    organisation = Organisation(quiet_hours=night, rates={"sms": 2.0}, polling_schedule_s=[60])
    rules = rules_of(organisation)
    assert rules.quiet_hours == QuietHours("21:00", "08:00")
    assert (rules.sender_rates, rules.poll_after_s) == ({"sms": 2.0}, [60])
    assert rules_from(rules_fields(rules)) == rules
    assert rules_from({**rules_fields(RulesInForce()), "newer": 1}) == RulesInForce()
