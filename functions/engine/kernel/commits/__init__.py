"""How changes come to be one commit: upon what was read, of several at once, or with others."""
