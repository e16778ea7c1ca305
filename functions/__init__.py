"""Clarion starts outreach campaigns on time and reaches every person exactly as promised."""

__version__ = "0.1.0"
