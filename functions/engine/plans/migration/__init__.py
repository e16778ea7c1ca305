"""Migration: those who are under way go over to another version of their plan."""
