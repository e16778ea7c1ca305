"""The Store on SQLite."""
