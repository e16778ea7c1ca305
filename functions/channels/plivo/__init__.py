"""Plivo: calls and SMS."""
