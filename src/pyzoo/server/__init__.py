"""Requests and roles: what a server does with a frame, from its bytes to its reply.

Pure: no clock, socket, file, thread or randomness. Time comes in with `advance`, bytes with `data_received`,
what has to be done goes out with `take_effects` and `take_output` (`core.py`).
"""
