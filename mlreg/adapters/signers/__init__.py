"""The ways to sign, and to check what was signed: one module each."""
