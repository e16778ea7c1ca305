"""Versions of a plan: how two of them differ, and how somebody goes over from one to the other."""
