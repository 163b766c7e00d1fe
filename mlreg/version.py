"""Owns the version of mlreg itself."""

__version__ = "0.1.0"
