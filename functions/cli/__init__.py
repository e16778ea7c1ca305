"""The command line: serve, try out, look at and steer a Clarion."""
