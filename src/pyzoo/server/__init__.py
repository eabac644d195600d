"""What a server does with a frame, from its bytes to its reply; `roles` has the servers themselves.

Pure: no clock, socket, file, thread or randomness. Time comes in with `advance`, bytes with `data_received`,
what has to be done goes out in one batch, with `take_effects` (`core.py`, `effects.py`).
"""
