"""Adapters of the TaskQueue port."""
