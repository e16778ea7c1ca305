"""What the engine asks of stores, queues, channels, clocks."""
