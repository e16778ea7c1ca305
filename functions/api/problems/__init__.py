"""What the codes of refusals mean, as pages."""
