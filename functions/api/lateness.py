"""What a caller is shown of how late messages or starts were."""

from pydantic import BaseModel

from functions.engine.messages.statistics import Lateness


class Spread(BaseModel):
    """Lateness in seconds: half of them were at most `p50_s` late, and so on; null without any."""

    count: int
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None


def shown_spread(late: Lateness) -> Spread:
    """Show how late they were."""
    return Spread(
        count=late.count, **{f"p{share * 100:.0f}_s": s for share, s in late.shares.items()}
    )
