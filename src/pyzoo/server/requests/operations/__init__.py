"""What becomes of each opcode: one class for each, or for a few that differ little. `table.py` finds them."""
