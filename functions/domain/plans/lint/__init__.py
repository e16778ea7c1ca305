"""The linter of plans: what JSON Schema cannot say, each finding at its place."""
