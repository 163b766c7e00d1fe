"""Owns documents about one version for other tools, one module each: `render(stock)` returns the text."""
