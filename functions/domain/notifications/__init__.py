"""What subscribers are told, and how it is signed."""
