"""Contacts, imports, lists, segments, suppressions."""
