"""What people write of broadcasts besides what they say: how they repeat, and drafts that go."""
