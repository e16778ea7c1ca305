"""When, how often and how fast somebody may be reached."""
