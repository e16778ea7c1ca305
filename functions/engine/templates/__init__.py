"""Named templates."""
