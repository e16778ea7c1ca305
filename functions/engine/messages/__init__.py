"""Changes of messages, with their statistics."""
