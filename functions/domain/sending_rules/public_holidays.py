"""Public holidays, by the `holidays` library, which is imported only where a rule asks for them."""

from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache


@lru_cache(maxsize=1024)
def is_holiday(region: str, day: date) -> bool:
    """Tell whether a day is a public holiday in all of a country (ISO 3166 alpha-2)."""
    return day in _calendar(region)


def holiday_name(region: str, day: date) -> str:
    """Return what a public holiday in all of a country is called; "" where the day is none."""
    return _calendar(region).get(day, "")


def are_known(region: str) -> bool:
    """Tell whether the public holidays of a country are known."""
    from holidays import list_supported_countries

    return region in list_supported_countries()


@cache
def _calendar(region: str) -> Mapping[date, str]:
    """Return a country's holidays, of every year that is asked for.

    Most deployments never come here, so that none of them waits for the import, about a tenth of
    a second.
    """
    from holidays import country_holidays

    # In whatever language this machine speaks, the names are shown in English.
    return country_holidays(region, language="en_US")
