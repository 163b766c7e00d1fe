"""Owns the entry: `mlreg` and `python -m mlreg`."""

import gc
import sys

gc.set_threshold(1_000_000)  # next to nothing is garbage in a call: to look for it takes a tenth of the time, or more

if sys.argv[1:2] == ["__complete"]:  # asked at every TAB: answered without what the commands need
    from mlreg.complete import main
else:
    import os
    import signal

    # until `main` is there to end without a traceback
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda number, frame: os._exit(130))

    from mlreg.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
