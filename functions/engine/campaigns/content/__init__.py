"""What a campaign says to one person: filled in, shown, tested, and checked beforehand."""
