"""What lies ahead: whom a campaign would reach, and what a range of days will bring."""
