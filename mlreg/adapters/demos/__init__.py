"""What `mlreg demo` can show, one module each: `NEEDS`, the extra that it needs, `train(directory)` and `STEPS`."""
