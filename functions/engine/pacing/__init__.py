"""How fast: rates, live-call slots, slow-down."""
