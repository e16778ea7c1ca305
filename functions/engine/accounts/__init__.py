"""Organisations, their API keys, kept answers."""
