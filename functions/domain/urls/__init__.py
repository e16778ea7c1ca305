"""URLs: of ours in mails, of users."""
