"""Clarion starts outreach campaigns on time and reaches every person exactly as promised."""
