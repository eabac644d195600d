"""Fuzzing: functions that take any bytes and state what must hold; see tests/README.md.

A target is a function `fuzz_NAME(data: bytes)` of a module `fuzz_*.py`: deterministic, and whatever it raises is a
broken promise. pytest replays the corpora, `python -m tests.fuzz` looks for more with atheris.
"""
