"""The every-minute check, starts and polls."""
