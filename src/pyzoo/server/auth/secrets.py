"""Secrets are compared in constant time."""

import hmac


def same_secret(given: str, expected: str) -> bool:
    """Whether two texts are the same; how long it takes does not tell how much of them is."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass"))
