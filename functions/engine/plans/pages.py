"""Pages: an enrollment's older moves, laid aside a hundred at a time so that it stays small."""

from functions.domain.campaigns.campaign import Campaign
from functions.domain.plans.enrollment import MOVES_KEPT, Enrollment
from functions.engine import paths
from functions.engine.ports.store import Create, Write


def without_older(
    campaign: Campaign, id_: str, walk: Enrollment, *, keep: int = MOVES_KEPT
) -> tuple[Enrollment, list[Write]]:
    """Return a walk without its older moves, where it has more than `keep`, and their pages."""
    pages: list[Write] = []
    while len(walk.moves) > keep:
        older = [move._asdict() for move in walk.moves[:MOVES_KEPT]]
        walk = walk._replace(moves=walk.moves[MOVES_KEPT:], pages=walk.pages + 1)
        path = paths.moves(campaign.org, campaign.id, id_, walk.pages)
        pages.append(Create(path, {"moves": older}))
    return walk, pages
