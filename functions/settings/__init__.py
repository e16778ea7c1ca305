"""What a deployment says, read from the environment."""
