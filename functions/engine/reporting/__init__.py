"""What people are shown of campaigns, messages and health."""
