"""A message, its statuses, and what changes it."""
