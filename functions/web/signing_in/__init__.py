"""How people sign in to the console: sessions in sealed cookies, and the identity provider."""
