"""The web console: a page that speaks the REST API alone, and the two routes that serve it."""
