"""People, their addresses and wishes."""
