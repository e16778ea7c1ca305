"""What whole cases ask of a store: what a cloud bills, and most of what they take."""
