"""Plans: people enter them, and are walked through them by the lanes that send."""
