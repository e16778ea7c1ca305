"""Messages are planned, claimed, sent, recalled."""
