"""Files of contacts become contacts."""
