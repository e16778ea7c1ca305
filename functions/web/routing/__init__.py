"""From a request to its route, to what the route's handler is called with, and to the answer."""
