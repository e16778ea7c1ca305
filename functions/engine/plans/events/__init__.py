"""Events: what callers tell of people, which may let them enter a plan, move them or end a walk."""
