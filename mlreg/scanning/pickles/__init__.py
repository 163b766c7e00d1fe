"""Pickles, read without running anything of theirs: opcodes, values, calls, arrays."""
