"""What stands around the handlers of requests: query parameters, identifiers, headers."""
