"""HTTP to the servers of users."""
