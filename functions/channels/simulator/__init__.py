"""A carrier that only pretends."""
