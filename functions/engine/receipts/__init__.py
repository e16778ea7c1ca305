"""What providers report and people write back."""
