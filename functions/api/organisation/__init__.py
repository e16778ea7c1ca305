"""An organisation's settings, keys, audit, subscriptions."""
