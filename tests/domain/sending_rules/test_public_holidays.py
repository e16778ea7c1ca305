"""Public holidays, and that nobody waits for them who does not ask."""

import subprocess
import sys
from datetime import date

from functions.domain.sending_rules.public_holidays import are_known, is_holiday


def test_days_of_rest_are_known_by_country() -> None:
    """The fourteenth of July is a holiday in France and not in Germany; Easter Monday in both."""
    bastille, easter = date(2026, 7, 14), date(2026, 4, 6)
    assert [is_holiday(region, bastille) for region in ("FR", "DE")] == [True, False]
    assert [is_holiday(region, easter) for region in ("FR", "DE")] == [True, True]
    assert not is_holiday("FR", date(2026, 7, 15))
    assert (are_known("FR"), are_known("XX"), are_known("*")) == (True, False, False)


def test_who_asks_for_no_holiday_does_not_wait_for_the_library() -> None:
    """Loading the rules of all countries and keeping to those of calls imports no holidays."""
    program = (
        "import sys; from datetime import datetime, UTC;"
        "from functions.domain.sending_rules.country_rules import rule_of;"
        "from functions.domain.sending_rules.windows import next_open;"
        "from functions.domain.kinds import ChannelKind;"
        "windows = rule_of('US', ChannelKind.VOICE, {}).windows;"
        "next_open(windows, ['America/New_York'], now=datetime.now(UTC));"
        "sys.exit('holidays' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False)  # noqa: S603 - our own words
    assert done.returncode == 0
