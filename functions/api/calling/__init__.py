"""The single-purpose functions of the calling system."""
