"""What /openapi.json and /docs say of the API."""
