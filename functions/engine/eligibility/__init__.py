"""Who may be reached now: suppressions, hours, caps, fallbacks."""
