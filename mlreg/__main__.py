"""Owns the entry: `mlreg` and `python -m mlreg`."""

import gc

gc.set_threshold(100_000)  # nothing that start-up makes is garbage: looking for it is a tenth of the time of a call

from mlreg.cli import main  # noqa: E402

__all__ = ["main"]

if __name__ == "__main__":
    main()
