"""Owns the entry: `mlreg` and `python -m mlreg`."""

from mlreg.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
