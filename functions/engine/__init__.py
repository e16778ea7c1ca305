"""Use cases over ports: check, launch, dispatch, receive, poll."""
