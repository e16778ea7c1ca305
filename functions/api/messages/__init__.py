"""Messages, receipts without one, inbound texts."""
