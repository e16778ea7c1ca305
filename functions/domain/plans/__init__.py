"""Plans: which promise comes next for a person, when, and after what. Pure."""
