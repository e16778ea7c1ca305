"""Contacts, lists, segments, suppressions."""
