"""Campaigns: created, changed, steered, previewed."""
