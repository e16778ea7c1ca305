"""HTTP that the faces share: callers, problems, fields, idempotency."""
