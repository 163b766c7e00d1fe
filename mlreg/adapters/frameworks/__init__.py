"""The frameworks whose models mlreg can save and load, one module each."""
