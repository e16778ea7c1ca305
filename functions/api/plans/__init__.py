"""Plans over HTTP: campaigns that have one, the linter, and the schema."""
