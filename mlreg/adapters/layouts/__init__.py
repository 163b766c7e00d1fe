"""Owns the layouts of other tools, one module each: `tree(stock)` returns the files that hold the versions."""
