"""ZAB: who leads, and in which order transactions happen. What a transaction means is not known here.

Nothing here waits, opens or draws: bytes and times come in, bytes and decisions go out.
"""
