"""What one process remembers; losing it loses nothing."""
