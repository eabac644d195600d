"""TLS: key stores and trust stores, contexts made of them, what certificates are good for."""
