"""Servers and ensembles in threads of this process: how they start, end, and go on with what they had."""
