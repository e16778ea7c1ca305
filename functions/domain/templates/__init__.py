"""Texts with fields."""
