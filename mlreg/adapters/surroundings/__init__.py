"""The machine that mlreg runs on: where the repository is, who acts, what is installed."""
