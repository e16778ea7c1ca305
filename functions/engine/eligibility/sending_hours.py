"""Sending hours: countries' rules, quiet hours and send window of a send."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.send import Send
from functions.domain.kinds import ChannelKind, facts_of
from functions.domain.sending_rules import rate_limit
from functions.domain.sending_rules.country_rules import Overrides, rule_of
from functions.domain.sending_rules.windows import Window, next_close, next_open, next_open_at
from functions.engine.kernel.engine import Engine


class Place(NamedTuple):
    """Where somebody is, as far as their number and their contact tell."""

    region: str
    zones: tuple[str, ...]


class Hours(NamedTuple):
    """The hours that a send keeps to."""

    channel: ChannelKind
    overrides: Overrides  #: what the organisation says instead of the rules of countries
    countries: bool = False  #: the rules of the countries that people are in
    quiet: Window | None = None  #: outside the organisation's quiet hours
    send: Window | None = None  #: the campaign's own
    plan: Window | None = None  #: outside the quiet hours of the campaign's plan

    @property
    def are_kept(self) -> bool:
        """False where everybody may be reached at any time."""
        return self.countries or bool(self.quiet or self.send or self.plan)

    def next_open(
        self, region: str, zones: Sequence[str], *, now: datetime, shown: time | None = None
    ) -> datetime | None:
        """Return the earliest instant from `now` on; None where there is none within the horizon.

        `shown`: the time of day that was asked for, which another day keeps. Raises
        UnknownZoneError.
        """
        windows = self._windows(region)
        if shown is None:
            return next_open(windows, zones, now=now)
        return next_open_at(shown, windows, zones, now=now)

    def closed_until(self, place: Place, *, now: datetime) -> datetime | None:
        """Return when a place opens; None while it is open and stays so as long as turns are.

        Raises UnknownZoneError.
        """
        for at in (now, now + rate_limit.HORIZON):
            opens_at = self.next_open(*place, now=at)
            if opens_at != at:
                return opens_at or at + timedelta(days=1)
        return None

    def closes_at(self, place: Place, *, now: datetime) -> datetime | None:
        """Return until when a place that is open stays so; None where that is not in sight.

        Raises UnknownZoneError.
        """
        return next_close(self._windows(place.region), place.zones, now=now)

    def _windows(self, region: str) -> list[Window]:
        rule = rule_of(region, self.channel, self.overrides) if self.countries else None
        own = [each for each in (self.quiet, self.send, self.plan) if each is not None]
        return [*rule.windows, *own] if rule else own


def of(engine: Engine, campaign: Campaign, send: Send) -> Hours:
    """Return the hours of one of a campaign's sends.

    Quiet hours and send window hold also where the deployment has switched the countries' rules
    off: the organisation itself decided them. A single message is sent now on purpose. A request
    to a server disturbs nobody, whatever the country.
    """
    channel, rules = send.channel, campaign.rules
    if not campaign.facts.keeps_rules:
        return Hours(channel, {})
    return Hours(
        channel,
        rules.country_rules,
        engine.limits.windows and facts_of(channel).keeps_country_hours,
        rules.quiet_hours and rules.quiet_hours.window,
        campaign.send_window and campaign.send_window.window,
        send.quiet_hours and send.quiet_hours.window,
    )
