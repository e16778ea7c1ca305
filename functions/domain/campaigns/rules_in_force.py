"""An organisation's rules, as copied into a campaign when it is made."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from functions.domain.campaigns.stored import record, record_or_none
from functions.domain.organisation import Organisation
from functions.domain.sending_rules.windows import QuietHours


class RulesInForce(NamedTuple):
    """The rules that a campaign keeps to, whatever its organisation decides later."""

    quiet_hours: QuietHours | None = None
    default_zone: str = ""  #: for people whose zone nobody knows
    country_rules: Mapping[str, Any] = {}  #: instead of the countries' own (country_rules.py)
    frequency_caps: Sequence[Mapping[str, Any]] = ()  #: see frequency_caps.py
    sender_rates: Mapping[str, float] = {}  #: by channel, messages a second
    warm_up: Mapping[str, Mapping[str, Any]] = {}  #: by channel, see warm_up.py
    poll_after_s: Sequence[int] | None = None  #: seconds after the end, when receipts are counted
    unsubscribe_email: str = ""  #: where mails that ask to unsubscribe go


def rules_of(organisation: Organisation) -> RulesInForce:
    """Return an organisation's rules as they are now."""
    return RulesInForce(
        record_or_none(QuietHours, organisation.quiet_hours),
        organisation.default_zone,
        organisation.country_rules,
        organisation.frequency_caps,
        organisation.rates,
        organisation.warm_up,
        organisation.polling_schedule_s,
        organisation.unsubscribe_email,
    )


def rules_from(data: Mapping[str, Any]) -> RulesInForce:
    """Rebuild the rules from their stored fields."""
    quiet = record_or_none(QuietHours, data["quiet_hours"])
    return record(RulesInForce, {**data, "quiet_hours": quiet})


def rules_fields(rules: RulesInForce) -> dict[str, Any]:
    """Return what is stored of the rules."""
    quiet = rules.quiet_hours
    return {**rules._asdict(), "quiet_hours": quiet._asdict() if quiet else None}
