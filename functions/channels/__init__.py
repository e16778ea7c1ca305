"""Adapters of the Channel port: one file a carrier."""
