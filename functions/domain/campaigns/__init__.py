"""A campaign, its statuses, what it says."""
