"""What people write of campaigns with a plan: checked, stored by version, copied."""
