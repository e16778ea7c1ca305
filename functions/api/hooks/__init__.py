"""Called by carriers, Google and readers of mails."""
