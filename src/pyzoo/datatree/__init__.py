"""The replicated state: znodes with Stats, ACLs, ephemerals, quotas and digest, and the watches on them.

Here lives what every server must do alike when it applies the same transactions. No clock, file, socket or
randomness comes in here; times are those of the transactions.
"""
