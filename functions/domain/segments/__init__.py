"""Conditions on contacts."""
